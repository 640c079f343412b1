import { CLIENTS, type Client } from '../clients.ts'
import type { Outcome } from '../soak.ts'
import type { Told } from './caller.ts'
import { EVENT_NAMES, type EventName } from './events.ts'

/** What came of one client's invocations that began when the server was there again. */
export interface Count {
  times: number
  failed: number
  /** Milliseconds from the server's return to the first answer, of each event. */
  readonly first: number[]
}

export type Counts = Record<EventName, Count>

export function noCounts(): Counts {
  const none = (): Count => ({ times: 0, failed: 0, first: [] })
  return Object.fromEntries(EVENT_NAMES.map((name) => [name, none()])) as Counts
}

/** @param back when the server was there again */
export function add(count: Count, told: readonly Told[], back: number): void {
  const after = told.filter(({ began }) => began >= back)
  count.times += after.length
  count.failed += after.filter(({ ok }) => !ok).length
  const first = told.find(({ ok }) => ok)
  if (first) count.first.push(first.ended - back)
}

/** What one client wrote. */
export interface Written {
  readonly acknowledged: number
  /** Acknowledged, and not there. */
  readonly lost: number
  /** There more than once, acknowledged or not. */
  readonly doubled: number
}

/** @param notes how often each text is there, of all clients */
export function written(
  client: Client,
  acknowledged: readonly string[],
  notes: ReadonlyMap<string, number>,
): Written {
  const own = [...notes].filter(([text]) => text.startsWith(`${client} `))
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((note) => !notes.has(note)).length,
    doubled: own.filter(([, times]) => times > 1).length,
  }
}

export type Played = Record<Client, { readonly counts: Counts; readonly written: Written }>

export function tableOf(played: Played): Outcome['table'] {
  const row = (cell: (of: Played[Client]) => string | number) =>
    Object.fromEntries(CLIENTS.map((client) => [client, cell(played[client])]))
  const rows = EVENT_NAMES.flatMap((name) => [
    [`${name}: failed after its return`, row(({ counts }) => failedOf(counts[name]))] as const,
    [`${name}: first answer`, row(({ counts }) => latency(counts[name].first))] as const,
  ])
  return {
    ...Object.fromEntries(rows),
    'writes acknowledged': row(({ written }) => written.acknowledged),
    'of them lost': row(({ written }) => written.lost),
    'there twice': row(({ written }) => written.doubled),
  }
}

/** @returns what warmpool has promised and not kept, a sentence each; mysql2's pool has promised nothing */
export function brokenBy({ warmpool: { counts, written } }: Played): string[] {
  const failures = EVENT_NAMES.filter((name) => counts[name].failed > 0).map(
    (name) => `${name}: ${failedOf(counts[name])} invocations failed that began after its return.`,
  )
  if (written.lost > 0) failures.push(`${written.lost} acknowledged writes are lost.`)
  if (written.doubled > 0) failures.push(`${written.doubled} writes were made twice.`)
  return failures
}

function failedOf({ failed, times }: Count): string {
  return `${failed} of ${times}`
}

function latency(values: readonly number[]): string {
  if (values.length === 0) return ''
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number) => `${Math.round(sorted[Math.ceil(share * sorted.length) - 1] as number)} ms`
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, at most ${at(1)}`
}
