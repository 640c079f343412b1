import type { Report, Told } from '../handlers/reports.ts'
import { type WriteFacts, writesOf } from '../script/number.ts'
import type { Row } from '../world/ledger.ts'
import type { ClientName, History, PlayedInvocation } from './history.ts'

/** What an operation's caller was told: the words of docs/errors.md. */
export type Word = 'done' | 'not-sent' | 'unknown' | 'failed' | 'nothing'

/** A history, by operation. Built once, read by every rule. */
export class Evidence {
  readonly history: History
  readonly writes: ReadonlyMap<string, WriteFacts>
  readonly rows: ReadonlyMap<string, readonly Row[]>
  /** The place among the reports. */
  readonly asked = new Map<string, number>()
  readonly told = new Map<string, Told>()
  readonly sent = new Map<string, number[]>()
  readonly bodies = new Set<string>()
  readonly ends = new Map<number, number>()
  readonly invocations: ReadonlyMap<number, PlayedInvocation>

  constructor(history: History) {
    this.history = history
    this.invocations = new Map(history.invocations.map((one) => [one.number, one]))
    this.writes = new Map(history.invocations.flatMap(({ program }) => [...writesOf(program)]))
    this.rows = Map.groupBy(history.rows, ({ op }) => op)
    for (const [place, report] of history.reports.entries()) this.#note(report, place)
  }

  /** What the operation's caller was told, in a word. */
  word(op: string): Word {
    const told = this.told.get(op)
    return told ? wordOf(told, this.history.client) : 'nothing'
  }

  applied(op: string): boolean {
    return this.rows.has(op)
  }

  /** The writes of a transaction, nested ones' included. */
  writesIn(transaction: string): string[] {
    return [...this.writes].filter(([, { within }]) => within[0] === transaction).map(([op]) => op)
  }

  /** Whether an invocation had ended by then; one that was cut short says no end itself. */
  isOver(invocation: number, place: number): boolean {
    const end = this.ends.get(invocation)
    if (end !== undefined) return end < place
    const ended = this.invocations.get(invocation)?.ended ?? Number.POSITIVE_INFINITY
    return ended < (this.history.reports[place]?.at ?? 0)
  }

  get transactions(): Set<string> {
    return new Set([...this.writes.values()].flatMap(({ within }) => within.slice(0, 1)))
  }

  #note(report: Report, place: number): void {
    if (report.is === 'asked') this.asked.set(report.op, place)
    if (report.is === 'told') this.told.set(report.op, report.told)
    if (report.is === 'sent') this.sent.set(report.op, [...(this.sent.get(report.op) ?? []), place])
    if (report.is === 'body') this.bodies.add(report.op)
    if (report.is === 'end') this.ends.set(report.invocation, place)
  }
}

/** The server's last words: said of the connection, not of the statement. */
const LAST_WORDS = ['ER_CONNECTION_KILLED', 'ER_SERVER_SHUTDOWN', 'ER_CLIENT_INTERACTION_TIMEOUT']

/** Peers have no `outcome`: of them, only what the server itself has refused counts as failed. */
export function wordOf(told: Told, client: ClientName): Word {
  if (told.ok) return 'done'
  if (told.outcome === 'not-sent' || told.outcome === 'unknown') return told.outcome
  if (client === 'warmpool' || told.own) return 'failed'
  const refused = told.sqlState !== undefined && !told.fatal && !LAST_WORDS.includes(told.code ?? '')
  return refused ? 'failed' : 'unknown'
}

export function invocationOf(op: string): number {
  return Number(op.split('.')[0])
}
