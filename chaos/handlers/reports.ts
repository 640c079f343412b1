import { openSync, writeSync } from 'node:fs'
import { inspect } from 'node:util'

/** What became of an operation, in the words of whoever waits for it. */
export interface Told {
  readonly ok: boolean
  readonly code?: string | undefined
  readonly outcome?: string | undefined
  /** The server's own refusals have one. */
  readonly sqlState?: string | undefined
  readonly fatal?: boolean | undefined
  readonly message?: string | undefined
  /** Thrown by the program itself. */
  readonly own?: boolean | undefined
  /** The number that the answer says the row has. */
  readonly wrote?: number | undefined
  /** How many rows a stream ended short of, which was read to its end. */
  readonly missing?: number | undefined
}

/** What the server says of a session. */
export interface Session {
  readonly session: number
  readonly mark: string | null
  readonly db: string | null
  readonly autocommit: number
  readonly locked: number
  readonly zone: string
  /** How long the server keeps it while it is idle, seconds. */
  readonly lease: number
}

/** What a handler says of itself, each line as it happens, whatever becomes of the process then. `at` is true wall clock, milliseconds. */
export type Report =
  | {
      readonly is: 'begin' | 'end'
      readonly at: number
      readonly invocation: number
      readonly process: number
    }
  /** A client is asked for something; `of` is the invocation whose handle is used, where that is a stored one. */
  | { readonly is: 'asked'; readonly at: number; readonly op: string; readonly of?: number }
  /** Bytes with the operation's name were given to a socket. */
  | { readonly is: 'sent'; readonly at: number; readonly op: string }
  | { readonly is: 'told'; readonly at: number; readonly op: string; readonly told: Told }
  /** The callback of a transaction is over, and nothing in it failed. */
  | { readonly is: 'body'; readonly at: number; readonly op: string }
  /** An answer was not the one to the question. */
  | { readonly is: 'mixed up'; readonly at: number; readonly op: string; readonly got: string }
  /** What the server told of the session that read. */
  | { readonly is: 'saw'; readonly at: number; readonly op: string; readonly session: Session }
  /** The time less the margin has long been up, the event loop was alive, and this still waits. */
  | { readonly is: 'waits'; readonly at: number; readonly op: string }
  | { readonly is: 'crash'; readonly at: number; readonly error: string }

const file = openSync(process.env.CHAOS_REPORTS as string, 'a')
const trueClock = Date.now.bind(Date)

/** Milliseconds of wall clock that no jump changes. */
export const trueNow = (): number => trueClock()

type Untimed<R> = R extends Report ? Omit<R, 'at'> : never

/** Written at once: lines are in the order of events, of all threads. */
export function report(what: Untimed<Report>): void {
  writeSync(file, `${JSON.stringify({ ...what, at: trueNow() })}\n`)
}

const printed = new Set<unknown>()

/** The first of each kind is printed as well, as people do: with all that is in it, which must hold no secret. */
export function toldOf(error: unknown): Told {
  const { code, outcome, sqlState, fatal, message, own } = error as Omit<Told, 'ok'>
  if (!printed.has(code)) console.error(inspect(error, { depth: 9, showHidden: true }))
  printed.add(code)
  return { ok: false, code, outcome, sqlState, fatal, message: String(message).slice(0, 300), own }
}
