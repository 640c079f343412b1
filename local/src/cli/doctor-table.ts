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

/** One step: its verdict, its name, what was found, and below what to do. */
export function stepRow({ verdict, step, said, todo, facts: { words } }: Step, outlets: Outlets): string {
  const inOwnWords = typeof words === 'string' && !said.includes(words) ? ` (${words})` : ''
  return row([verdict, step, `${said}${inOwnWords}`, todo], outlets)
}

/** Those that were skipped, which have all the same reason. */
export function skippedRow(steps: readonly Step[], outlets: Outlets): string {
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
export function summaryOf(steps: readonly Step[], outlets: Outlets): string {
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
