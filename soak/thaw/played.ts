import type { Client } from '../clients.ts'
import type { Outcome } from '../soak.ts'
import { type Counts, CYCLE_NAMES } from './cycles.ts'
import type { Silences } from './silence.ts'

/** What came of one client under one runtime. */
export interface Played {
  /** For people. */
  readonly who: string
  readonly client: Client
  readonly cycles: Counts
  readonly silences: Silences
}

/** `validateTimeout` by default: so long a silent connection is waited for, milliseconds. */
const VALIDATE_TIMEOUT = 500
/** Of fewer, p99 is only their worst, and what else the machine did. */
const ENOUGH_FOR_P99 = 100

/** A column for each. */
export function tableOf(all: readonly Played[]): Outcome['table'] {
  const row = (cell: (played: Played) => string) =>
    Object.fromEntries(all.map((played) => [played.who, cell(played)]))
  const table: Record<string, Record<string, string>> = {}
  for (const name of CYCLE_NAMES)
    table[`${name}: invocations failed`] = row(({ cycles }) => failedOf(cycles[name]))
  table['cycles with two connections killed'] = row(({ cycles }) => String(killedBoth(cycles)))
  table['silent since the freeze: failed'] = row(({ silences }) => failedOf(silences))
  table['silent: found and replaced in'] = row(({ silences }) => latency(silences.took))
  table['closed: replaced in'] = row(({ silences }) => latency(silences.connects))
  return table
}

/** @returns what warmpool has promised and not kept, a sentence each; mysql2's pool has promised nothing */
export function brokenBy({ who, client, cycles, silences }: Played): string[] {
  if (client !== 'warmpool') return []
  const failures = CYCLE_NAMES.filter((name) => cycles[name].failed > 0).map(
    (name) => `${who}, ${name}: ${failedOf(cycles[name])} invocations failed.`,
  )
  if (silences.failed > 0) failures.push(`${who}, silent since the freeze: ${failedOf(silences)} failed.`)
  const slow = quantile(silences.took, 0.99)
  const most = VALIDATE_TIMEOUT + quantile(silences.connects, 1)
  if (slow > most && silences.took.length >= ENOUGH_FOR_P99)
    failures.push(
      `${who}, silent since the freeze: p99 is ${ms(slow)}, where validateTimeout and one connect are ${ms(most)}.`,
    )
  return failures
}

function killedBoth(cycles: Counts): number {
  return CYCLE_NAMES.reduce((sum, name) => sum + cycles[name].both, 0)
}

function failedOf({ failed, times }: { readonly failed: number; readonly times: number }): string {
  return `${failed} of ${times}`
}

function latency(sorted: readonly number[]): string {
  if (sorted.length === 0) return ''
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => ms(quantile(sorted, share)))
  return `p50 ${p50}, p99 ${p99}, at most ${most}`
}

/** The smallest value that at least this share of them does not exceed. */
function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.ceil(share * sorted.length) - 1] ?? 0
}

function ms(value: number): string {
  return `${value.toFixed(1)} ms`
}
