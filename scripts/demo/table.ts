import { styleText } from 'node:util'
import type { Contestant } from './stage.ts'
import type { Result, Step } from './step.ts'

const TITLE = 38
const CELL = 31

const write = (text: string) => void process.stdout.write(text)

/** A line about what is going on. */
export function say(text: string): void {
  write(`${text}\n`)
}

export function writeHead(contestants: readonly Contestant[]): void {
  say(`\n${styleText('bold', aligned('', ...contestants.map(({ name }) => `  ${name}`)))}`)
}

export function writeTitle(title: string): void {
  say(styleText('underline', title))
}

/**
 * One step in two lines, of which the first grows while it is played: what was said, and what became of the connections
 * as the server counted them.
 */
export async function writeRow(step: Step, results: AsyncIterable<Result>): Promise<Result[]> {
  write(step.title)
  let gap = TITLE - step.title.length
  const row: Result[] = []
  for await (const result of results) {
    const mark = result.broken === undefined ? styleText('green', '✔') : styleText('red', '✘')
    write(`${' '.repeat(gap)}${mark} ${result.said}`)
    gap = CELL - 2 - result.said.length
    row.push(result)
  }
  const counts = row.map(
    ({ connections: { opened, aborted, left } }) => `  ${opened} opened, ${aborted} aborted, ${left} left`,
  )
  say(`\n${styleText('dim', aligned('', ...counts))}`)
  return row
}

/** A contestant's totals in one line. */
export function closingLine({ name }: Contestant, results: readonly Result[]): string {
  const sum = (of: (result: Result) => number) => results.reduce((total, result) => total + of(result), 0)
  const invocations = sum((result) => result.invocations)
  const wrong = sum((result) => result.wrong)
  const opened = sum((result) => result.connections.opened)
  const aborted = sum((result) => result.connections.aborted)
  return `${name}: ${invocations} invocations, ${wrong} went wrong; ${opened} connections opened, ${aborted} aborted.`
}

function aligned(title: string, ...cells: string[]): string {
  return [title.padEnd(TITLE), ...cells.map((cell) => cell.padEnd(CELL))].join('').trimEnd()
}
