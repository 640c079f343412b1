import type { ConnectionOptions, QueryOptions } from 'mysql2'
import { attempt } from './commands.ts'
import {
  type Address,
  bound,
  type Done,
  formatted,
  type Login,
  type RowSink,
  type Sql,
  send,
  statusOf,
  textOf,
  valuesOf,
} from './driver.ts'
import { WarmpoolError, withOutcome } from './errors.ts'
import { PinGuard } from './pin-guard.ts'
import { connectionOver, type Fault, rollsBack } from './policy/faults.ts'
import { BEYOND_RESET, CLEAN, type Effect, holdsRaw, STATE, TRANSACTION } from './policy/session.ts'
import { shownSql } from './policy/shown-sql.ts'
import { onlyReads, restartsTransaction } from './policy/transaction-text.ts'
import type { Target } from './target/target.ts'
import { textStatement } from './text-statement.ts'
import { Wire } from './wire.ts'

/** MySQL's isolation levels. */
export const ISOLATIONS = ['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const

export type Isolation = (typeof ISOLATIONS)[number]

/** How a transaction begins. */
export interface Kind {
  readonly isolation?: Isolation | undefined
  readonly readOnly?: boolean | undefined
}

/** Sends a query. */
type Start = (sql: Sql, values: unknown, settle: Done) => void

/** One server connection: what can be run on it, and what that may have left in its session. */
export class Link extends Wire {
  readonly #proxied: boolean
  /** Looks at statements before they are sent; only where they go through RDS Proxy. */
  readonly pins: PinGuard | undefined
  /** For one use: its server is read-only, as a writer is not for long. */
  provisional = false

  /** @param address where exactly, when it must be one server among those that the target's name stands for */
  constructor(target: Target, login: Login, address?: Address) {
    super(target, login, address)
    this.#proxied = target.proxied
    this.pins = PinGuard.of(target)
  }

  /** What the statements since the last cleaning may have left behind. */
  get effect(): Effect {
    return this.session.effect
  }

  query(sql: Sql, values: unknown, done: Done): void {
    const start: Start = (sent, given, settle) => send(this.connection, sent, given, settle)
    this.#sendQuery(sql, values, start, done)
  }

  /**
   * A prepared statement. The first one of a text is two commands, and the second is not sent when the link was cut off in
   * between. Through RDS Proxy, which pins prepared statements, it goes as text with the same meaning.
   */
  execute(sql: Sql, values: unknown, done: Done): void {
    attempt(done, () => {
      const options = bound(this.connection, sql, values)
      const text = textOf(options)
      const execute = this.#proxied ? this.#executeAsText : this.#prepareAndExecute
      this.#inTurn(text, (settle) => execute.call(this, text, options, settle), done)
    })
  }

  #prepareAndExecute(text: string, options: QueryOptions, settle: Done): void {
    this.session.note(text)
    this.connection.prepare(options, (error) => {
      if (error) return settle(error)
      const { bar } = this.commands
      if (bar) return settle(withOutcome(bar, 'not-sent'))
      attempt(settle, () => this.connection.execute(options, undefined, settle))
    })
  }

  #executeAsText(text: string, options: QueryOptions, settle: Done): void {
    const sent = textStatement(this.connection, options, this.session.status)
    this.pins?.text(text, sent.sql, this.session.backslashEscapes)
    this.session.note(text)
    send(this.connection, sent, undefined, settle)
  }

  /** Rows are handed over as they come and not kept. */
  rows(sql: Sql, values: unknown, sink: RowSink, done: Done): void {
    const start: Start = (sent, given, settle) => {
      let failure: Error | null = null
      send(this.connection, sent, given)
        .on('fields', sink.fields)
        .on('result', sink.row)
        .on('error', (error: Error) => {
          failure = error
        })
        .on('end', () => settle(failure))
    }
    this.#sendQuery(sql, values, start, done)
  }

  /** From its answer on nothing runs outside the transaction: should the server end it, the rest is refused. */
  begin({ isolation, readOnly }: Kind, done: Done): void {
    const sql = readOnly ? 'START TRANSACTION READ ONLY' : 'START TRANSACTION'
    const begin = (settle: Done) =>
      this.connection.query(sql, undefined, (error, result, fields) => {
        this.session.guarded = !error
        settle(error, result, fields)
      })
    if (!isolation) return this.run(sql, TRANSACTION, begin, done)
    this.run(sql, TRANSACTION | STATE, (settle) => this.#isolate(isolation, begin, settle), done)
  }

  /** For the next transaction only, which uses it up; RDS Proxy pins on that, but not on the same for the session. */
  #isolate(isolation: Isolation, begin: (settle: Done) => void, settle: Done): void {
    const range = this.#proxied ? 'SESSION ' : ''
    this.connection.query(`SET ${range}TRANSACTION ISOLATION LEVEL ${isolation}`, undefined, (error) => {
      if (error) return settle(error)
      const { bar } = this.commands
      if (bar) return settle(withOutcome(bar, 'not-sent'))
      begin((failure, result, fields) => {
        if (!failure && !this.#proxied) this.session.effect &= ~STATE
        settle(failure, result, fields)
      })
    })
  }

  commit(done: Done): void {
    const start = (settle: Done) => {
      this.session.guarded = false
      this.connection.query('COMMIT', undefined, settle)
    }
    this.run('COMMIT', CLEAN, start, done)
  }

  ping(done: Done): void {
    this.run('ping()', CLEAN, (settle) => this.connection.ping(settle), done)
  }

  /**
   * Clears the session on the server: transaction, temporary tables, variables, locks, prepared statements.
   *
   * @param leaves what has to be cleaned all the same: a user's reset takes our own session variables with it
   */
  reset(done: Done, leaves: Effect = CLEAN): void {
    const start = (settle: Done) =>
      this.connection.reset((error) => {
        if (!error) this.session.wasReset(leaves)
        settle(error)
      })
    attempt(done, () => {
      this.pins?.command('reset()')
      this.run('reset()', CLEAN, start, done)
    })
  }

  changeUser(options: ConnectionOptions, done: Done): void {
    const start = (settle: Done) => this.connection.changeUser(options, settle)
    attempt(done, () => {
      this.pins?.command('changeUser()')
      this.run('changeUser()', BEYOND_RESET, start, done)
    })
  }

  prepare(sql: Sql, done: Done): void {
    attempt(done, () => {
      this.pins?.prepare(sql)
      this.run(textOf(sql), CLEAN, (settle) => this.connection.prepare(sql, settle), done)
    })
  }

  unprepare(sql: Sql): void {
    this.connection.unprepare(sql)
  }

  /** Says what is left behind in the session where the statements do not show it. */
  mark(effect: Effect): void {
    this.session.effect = effect
  }

  /** What has to wait has its values put in now, as mysql2 does it at the call. A value that throws fails its statement alone. */
  #sendQuery(sql: Sql, values: unknown, start: Start, done: Done): void {
    attempt(done, () => {
      const { queryFormat } = this.connection.config
      if (this.commands.busy || queryFormat) return this.#sendFormatted(sql, values, start, done)
      const judged = (settle: Done) => {
        const sent = this.pins?.query(this.connection, sql, values, this.session.backslashEscapes)
        this.session.note(sql, values)
        start(sent ?? sql, sent ? undefined : values, settle)
      }
      this.#inTurn(textOf(sql), judged, done)
    })
  }

  /** Its own text says as much as the one with its values in it, and is remembered; but not where those can be SQL. */
  #sendFormatted(sql: Sql, values: unknown, start: Start, done: Done): void {
    const sent = formatted(this.connection, sql, values)
    const telling = this.pins || this.connection.config.queryFormat || holdsRaw(valuesOf(sql, values))
    const text = telling ? sent.sql : textOf(sql)
    const judged = (settle: Done) => {
      this.pins?.text(text, sent.sql, this.session.backslashEscapes)
      this.session.note(text)
      start(sent, undefined, settle)
    }
    this.#inTurn(text, judged, done)
  }

  /** @param start judges it, too, by how the server reads quoted text then: what was ahead in the line may have changed that */
  #inTurn(text: string, start: (settle: Done) => void, done: Done): void {
    const guarded = (settle: Done) => {
      if (!this.session.guarded) return start(settle)
      if (restartsTransaction(text)) return settle(wouldRestart(text))
      start((...answer) => this.#proveOpen(text, answer, settle))
    }
    this.run(text, CLEAN, guarded, done)
  }

  /**
   * Neither an error nor rows say whether a guarded transaction is still open: a definition that failed has committed before
   * that, and so has an `ANALYZE TABLE`. So the server is asked, before anything else is sent.
   */
  #proveOpen(text: string, [error, result, fields]: Parameters<Done>, settle: Done): void {
    const told = error
      ? connectionOver(error as Fault) || rollsBack(error as Fault)
      : statusOf(result, fields) !== undefined || onlyReads(text)
    // What is cut off ends without a COMMIT anyway, and nothing starts on it any more.
    if (told || this.commands.refusal) return settle(error, result, fields)
    this.connection.query('DO 0', undefined, (failure, proof) => {
      const over = failure ? undefined : this.session.answered(null, statusOf(proof))
      if (over) this.cutOff(over)
      settle(error, result, fields)
    })
  }
}

function wouldRestart(text: string): WarmpoolError {
  return new WarmpoolError(
    'TRANSACTION_LOST',
    `${shownSql(text)} inside transaction() would commit what was done so far: it was not sent`,
    { statusCode: 500, outcome: 'not-sent' },
  )
}
