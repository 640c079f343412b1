import type { Report, Told } from '../../chaos/handlers/reports.ts'
import type { History, PlayedInvocation } from '../../chaos/judge/history.ts'
import { judge } from '../../chaos/judge/judge.ts'
import { numbered } from '../../chaos/script/number.ts'
import type { Op } from '../../chaos/script/script.ts'
import type { Row } from '../../chaos/world/ledger.ts'

/** A report without its time. */
export type Unfinished = Report extends infer R ? (R extends Report ? Omit<R, 'at'> : never) : never
export const asked = (op: string): Unfinished => ({ is: 'asked', op })
export const sent = (op: string): Unfinished => ({ is: 'sent', op })
export const body = (op: string): Unfinished => ({ is: 'body', op })
export const told = (op: string, what: Told = { ok: true }): Unfinished => ({ is: 'told', op, told: what })
export const failed = (outcome?: string): Told => ({ ok: false, code: 'SOME_ERROR', outcome })
export const begin = (invocation: number): Unfinished => ({ is: 'begin', invocation, process: 7 })
export const end = (invocation: number): Unfinished => ({ is: 'end', invocation, process: 7 })
/** All that a write which goes well reports. */
export const well = (op: string): Unfinished[] => [asked(op), sent(op), told(op)]

export const clean = {
  session: 5,
  mark: null,
  db: 'chaos',
  autocommit: 1,
  locked: 0,
  zone: 'SYSTEM',
  lease: 930,
}
export const row = (op: string, more: Partial<Row> = {}): Row => ({
  ...clean,
  n: 1,
  op,
  invocation: Number(op.split('.')[0]),
  begun: 1050,
  ...more,
})

/** Invocations 1, 2, ... of these programs: each 100 ms, one after the other, from 1000 on. */
function invocations(programs: readonly Op[][], more: Partial<PlayedInvocation>): PlayedInvocation[] {
  return programs.map((program, i) => ({
    style: 'wrap',
    timeout: 3000,
    number: i + 1,
    program: numbered(program, i + 1),
    began: 1000 + 200 * i,
    ended: 1100 + 200 * i,
    result: { ok: true },
    ...more,
  }))
}

/** What a history is made from. */
export interface Sketch {
  readonly programs: Op[][]
  readonly reports?: Unfinished[]
  readonly rows?: Row[]
  readonly invocation?: Partial<PlayedInvocation>
  readonly more?: Partial<History>
}

/** What a history breaks, each thing once. */
export function broken({ programs, reports = [], rows = [], invocation = {}, more = {} }: Sketch): string[] {
  const history: History = {
    client: 'warmpool',
    setting: { connectionLimit: 2, concurrency: 1, workers: 1 },
    schema: 'chaos',
    invocations: invocations(programs, invocation),
    faults: [],
    reports: reports.map((report, i) => ({ ...report, at: 1000 + i }) as Report),
    rows,
    connections: { most: 2, working: 2, beyond: 0, orphaned: 0, left: 0 },
    output: '',
    secrets: ['hunter2'],
    ...more,
  }
  return [...new Set(judge(history).map(({ promise, rule }) => `${promise} ${rule}`))]
}
