import CliTable from 'cli-table3'
import { CELLS, type Seen } from './cells.ts'
import type { ToolName } from './tool.ts'

export const TOOLS: readonly ToolName[] = ['osls invoke local', 'serverless-offline', 'warmpool-local']

/** By the cell's title. */
export type Results = ReadonlyMap<string, Readonly<Record<ToolName, Seen>>>

/** For a terminal. */
export function render(results: Results): string {
  const table = new CliTable({ head: ['', ...TOOLS], style: { head: [], border: [] } })
  for (const row of rows(results)) table.push(row)
  return table.toString()
}

/** For docs/local-tools.md. */
export function markdown(results: Results): string {
  const head = ['', ...TOOLS]
  return [head, head.map(() => '---'), ...rows(results)].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function rows(results: Results): string[][] {
  return CELLS.flatMap(({ title }) => {
    const seen = results.get(title)
    return seen ? [[title, ...TOOLS.map((tool) => textOf(seen[tool]))]] : []
  })
}

function textOf({ shown, note }: Seen): string {
  return `${shown ? 'yes' : 'no'}${note === undefined ? '' : ` (${note})`}`
}
