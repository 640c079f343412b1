import CliTable from 'cli-table3'
import { CONTESTANTS, type ContestantName } from './container.ts'
import type { Scenario } from './scenario.ts'

/** In how many of its tries a scenario went wrong with each contestant. */
export interface Row {
  readonly scenario: Scenario
  readonly tries: number
  readonly broken: Partial<Record<ContestantName, number>>
}

const NAMES = Object.keys(CONTESTANTS) as ContestantName[]
const WIDTH = 52

/** For a terminal. */
export function render(rows: readonly Row[]): string {
  const colWidths = [WIDTH, ...NAMES.map(() => null)]
  const table = new CliTable({
    head: ['', ...NAMES],
    colWidths,
    wordWrap: true,
    style: { head: [], border: [] },
  })
  for (const row of rows) table.push(cells(row))
  return table.toString()
}

/** For the README. */
export function markdown(rows: readonly Row[]): string {
  const head = ['', ...NAMES]
  return [head, head.map(() => '---'), ...rows.map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

/** A sentence for each failure of warmpool, and for each peer that does not fail as is said of it. */
export function objections(rows: readonly Row[]): string[] {
  return rows.flatMap(({ scenario, tries, broken }) => [
    ...(broken.warmpool ? [`Not as promised, ${broken.warmpool} of ${tries} times: ${scenario.title}`] : []),
    ...scenario.fails
      .filter((name) => broken[name] === 0)
      .map((name) => `Nothing goes wrong with ${name}, so this shows nothing: ${scenario.title}`),
  ])
}

function cells({ scenario, tries, broken }: Row): string[] {
  return [
    scenario.title,
    ...NAMES.map((name) => (broken[name] === undefined ? '–' : `${broken[name]} of ${tries}`)),
  ]
}
