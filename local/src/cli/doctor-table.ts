import CliTable from 'cli-table3'
import pico from 'picocolors'
import { STEPS, type Step } from '../doctor/diagnose.ts'
import type { Verdict } from '../doctor/finding.ts'
import { hasColours, type Outlets, WIDTH } from './screen.ts'

const VERDICT = Math.max(...['warning', 'skipped'].map(({ length }) => length))
const STEP = Math.max(...STEPS.map(({ length }) => length))
const GAP = 2
/** Narrower than this the words are not readable. */
const LEAST = 30
const TINT = { ok: 'green', warning: 'yellow', fault: 'red', skipped: 'dim' } as const

/** The steps as they come. What was skipped is one row, when the steps of a pool, or of its reader, are through. */
export class Rows {
  readonly #print: (text: string) => void
  readonly #outlets: Outlets
  #skipped: Step[] = []
  #reader = false

  constructor(print: (text: string) => void, outlets: Outlets) {
    this.#print = print
    this.#outlets = outlets
  }

  add(step: Step): void {
    if (step.reader && !this.#reader) this.#beginReader()
    if (step.verdict === 'skipped') this.#skipped.push(step)
    else this.#print(stepRow(step, this.#outlets))
  }

  /** @param steps all of them */
  end(steps: readonly Step[]): void {
    this.#endPart()
    this.#print(summaryOf(steps, this.#outlets))
  }

  #beginReader(): void {
    this.#endPart()
    this.#reader = true
    this.#print(`\n${coloursOf(this.#outlets).bold('Its reader:')}`)
  }

  #endPart(): void {
    if (this.#skipped.length > 0) this.#print(skippedRow(this.#skipped, this.#outlets))
    this.#skipped = []
  }
}

/** One step: its verdict, its name, what was found, and below what to do. */
function stepRow({ verdict, step, said, todo, facts: { words } }: Step, outlets: Outlets): string {
  const inOwnWords = typeof words === 'string' && !said.includes(words) ? ` (${words})` : ''
  return row([verdict, step, `${said}${inOwnWords}`, todo], outlets)
}

/** Those that were skipped, which have all the same reason. */
function skippedRow(steps: readonly Step[], outlets: Outlets): string {
  const names = steps.map(({ step }) => step).join(', ')
  return row(['skipped', '', `${steps[0]?.said}: ${names}`, null], outlets)
}

function row(
  [verdict, step, said, todo]: [Verdict, string, string, string | null],
  outlets: Outlets,
): string {
  const colours = coloursOf(outlets)
  const words = Math.max(LEAST, (outlets.stdout.columns || WIDTH) - VERDICT - STEP - 2 * GAP)
  const table = new CliTable({
    chars: NO_LINES,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [] },
    colWidths: [VERDICT + GAP, STEP + GAP, words],
    wordWrap: true,
  })
  table.push([colours[TINT[verdict]](verdict), step, verdict === 'skipped' ? colours.dim(said) : said])
  if (todo !== null) table.push(['', '', `→ ${todo}`])
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
}

/** The last line. */
function summaryOf(steps: readonly Step[], outlets: Outlets): string {
  const of = (verdict: Verdict) => steps.filter((step) => step.verdict === verdict).length
  const counts = [`${of('ok')} ok`, plural(of('warning'), 'warning'), plural(of('fault'), 'fault')]
  if (of('skipped') > 0) counts.push(`${of('skipped')} skipped`)
  return coloursOf(outlets).bold(counts.join(', '))
}

/** cli-table3 draws a line for each that is not given. */
const NO_LINES = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid'].flatMap((side) =>
    ['', '-mid', '-left', '-right'].map((end) => [`${side}${end}`, '']),
  ),
)
Object.assign(NO_LINES, { middle: '' })

function coloursOf({ stdout, env }: Outlets) {
  return pico.createColors(hasColours(stdout, env))
}

function plural(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
