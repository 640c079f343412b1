import type { FieldPacket, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import { WarmpoolError, withOutcome } from '../errors.ts'
import type { Invocation } from '../invocation/invocation.ts'
import { errorOf, type Reason } from '../invocation/reason.ts'
import type { Enclosing, Scope } from '../invocation/scope.ts'
import type { Kind } from '../link.ts'
import { answer } from './answer.ts'
import { type Bounds, bounded, boundsOfStatement, type StatementOptions } from './bounds.ts'
import type { Connection } from './connection.ts'
import { readTransactionOptions, refuseOtherKind, type TransactionOptions } from './transaction-options.ts'

/**
 * A transaction, for the time of its callback. It ends with the callback: there is no `commit`, `rollback` or `release`.
 */
export class Transaction {
  readonly #level: Level

  constructor(level: Level) {
    this.#level = level
  }

  /** As mysql2's `query`. */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => this.#level.inTurn(sql, (connection) => connection.query<T>(sql, values)))
  }

  /** As mysql2's `execute`: a prepared statement. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => this.#level.inTurn(sql, (connection) => connection.execute<T>(sql, values)))
  }

  /**
   * A part that is undone by itself when `work` throws: a savepoint. Those beside each other take turns. `isolation` and
   * `readOnly` are the outermost's, and so are `retries`: what a deadlock undoes is the whole.
   *
   * ```ts
   * await tx.transaction((part) => part.query('INSERT INTO audit (entry) VALUES (?)', [entry])).catch(noted)
   * ```
   */
  transaction<T>(work: Work<T>, options?: TransactionOptions): Promise<T> {
    return answer(() => this.#level.nest(work, options))
  }
}

export type Work<T> = (tx: Transaction) => Promise<T>

/** What a transaction and those nested in it have in common. */
export interface Course {
  readonly scope: Scope
  readonly invocation: Invocation
  readonly connection: Connection
  readonly kind: Kind
  /** Stops all of it. */
  readonly stop: (reason: Reason) => void
  /** Resolves when the connection has been taken back or away: who waits for a turn is then refused. */
  readonly over: Promise<void>
  /** Savepoints so far. */
  savepoints: number
  /** Why it must not be committed any more. */
  broken: unknown
}

/** The transaction, or a savepoint in it, while its callback runs. */
export class Level implements Enclosing {
  readonly #course: Course
  readonly #around: Level | undefined
  /** Of nested ones, and of statements behind them: resolves when those that stand in it now have ended. */
  #line: Promise<void> | undefined
  #closed = false

  constructor(course: Course, around?: Level) {
    this.#course = course
    this.#around = around
  }

  get live(): Level | undefined {
    return this.#over ? this.#around?.live : this
  }

  belongsTo(invocation: Invocation): boolean {
    return this.#course.invocation === invocation
  }

  /** Runs the callback; what is nested in it, awaited or not, ends before it does. */
  async run<T>(work: Work<T>): Promise<T> {
    const { scope, invocation } = this.#course
    try {
      const result = await scope.run(invocation, () => work(new Transaction(this)), this)
      while (this.#line) await this.#line
      return result
    } finally {
      this.#closed = true // what followed would run after its end
    }
  }

  /** What is called from within a nested one is part of it; what is called beside it waits, or it would be undone with it. */
  async inTurn<T>(
    sql: string | StatementOptions,
    statement: (connection: Connection) => Promise<T>,
  ): Promise<T> {
    const inner = this.#insideOf()
    if (inner) return inner.inTurn(sql, statement)
    const run = async () => {
      if (this.#over) throw transactionOver()
      return statement(this.#course.connection)
    }
    return this.#line ? this.#standInLine(boundsOfStatement(sql), nothing, run) : run()
  }

  async nest<T>(work: Work<T>, options: TransactionOptions = {}): Promise<T> {
    const bounds = readTransactionOptions(work, options)
    refuseOtherKind(options, this.#course.kind)
    const inner = this.#insideOf()
    if (inner) return inner.nest(work, options)
    return this.#standInLine(bounds, this.#course.stop, () => this.#savepoint(work))
  }

  /** Those that wait for something else hold up who is behind them until the connection is gone, and no longer. */
  #standInLine<T>(
    bounds: Bounds | undefined,
    stop: (reason: Reason) => void,
    run: () => Promise<T>,
  ): Promise<T> {
    const before = this.#line ?? Promise.resolve()
    const running = afterwards(before, bounds, stop, run)
    const line: Promise<void> = Promise.race([Promise.allSettled([before, running]), this.#course.over]).then(
      () => {
        if (this.#line === line) this.#line = undefined
      },
    )
    this.#line = line
    return running
  }

  get #over(): boolean {
    if (this.#closed || !this.#around) return this.#closed
    return this.#around.#over
  }

  /** The innermost nested one that the caller is in. */
  #insideOf(): Level | undefined {
    const innermost = this.#course.scope.transaction as Level | undefined
    let around = innermost
    while (around && around !== this) around = around.#around
    return innermost === this ? undefined : around && innermost
  }

  async #savepoint<T>(work: Work<T>): Promise<T> {
    if (this.#over) throw transactionOver()
    const { connection } = this.#course
    const name = `warmpool_${++this.#course.savepoints}`
    await connection.query(`SAVEPOINT ${name}`)
    try {
      const result = await new Level(this.#course, this).run(work)
      if (!this.#over) await connection.query(`RELEASE SAVEPOINT ${name}`)
      return result
    } catch (error) {
      if (!this.#over) await this.#undo(name)
      throw error
    }
  }

  /** What cannot be undone by itself is undone with the whole. */
  async #undo(name: string): Promise<void> {
    try {
      await this.#course.connection.query(`ROLLBACK TO SAVEPOINT ${name}`)
    } catch (error) {
      this.#course.broken ??= error instanceof WarmpoolError ? error : notUndone(error as Error)
    }
  }
}

const nothing = () => {}

/** Runs when those before it have ended, all within bounds: when they are reached, what still waits is given up, and only that. */
async function afterwards<T>(
  before: Promise<void>,
  bounds: Bounds | undefined,
  stop: (reason: Reason) => void,
  run: () => Promise<T>,
): Promise<T> {
  const givenUp = Promise.withResolvers<never>()
  let waits = true
  const over = (reason: Reason) => {
    if (!waits) return stop(reason)
    const error = errorOf(reason, 'it had waited for a nested transaction beside it')
    givenUp.reject(withOutcome(error, 'not-sent'))
  }
  return bounded(bounds, over, async () => {
    await Promise.race([before, givenUp.promise])
    waits = false
    return run()
  })
}

function transactionOver(): WarmpoolError {
  return new WarmpoolError(
    'CONNECTION_RELEASED',
    'this transaction has ended: await its statements inside the callback',
    { outcome: 'not-sent' },
  )
}

function notUndone(cause: Error): WarmpoolError {
  const message = `a nested part of the transaction could not be undone by itself (${cause.message}): all of it is`
  return new WarmpoolError('TRANSACTION_LOST', message, { statusCode: 500, cause, outcome: 'not-sent' })
}
