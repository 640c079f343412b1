import type { FieldPacket, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import { WarmpoolError } from '../errors.ts'
import type { Invocation } from '../invocation/invocation.ts'
import type { Reason } from '../invocation/reason.ts'
import type { Enclosing, Scope } from '../invocation/scope.ts'
import type { Kind } from '../link.ts'
import { bounded, type StatementOptions } from './bounds.ts'
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
    return this.#level.inTurn((connection) => connection.query<T>(sql, values))
  }

  /** As mysql2's `execute`: a prepared statement. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#level.inTurn((connection) => connection.execute<T>(sql, values))
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
    return this.#level.nest(work, options)
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
  /** Savepoints so far. */
  savepoints: number
  /** Why it must not be committed any more. */
  broken: unknown
}

/** The transaction, or a savepoint in it, while its callback runs. */
export class Level implements Enclosing {
  readonly #course: Course
  readonly #around: Level | undefined
  /** Settles when the nested ones that were asked for have ended. */
  #nested: Promise<void> | undefined
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
      while (this.#nested) await this.#nested
      return result
    } finally {
      this.#closed = true // what followed would run after its end
    }
  }

  /** What is called from within a nested one is part of it; what is called beside it waits, or it would be undone with it. */
  async inTurn<T>(statement: (connection: Connection) => Promise<T>): Promise<T> {
    while (this.#nested && !this.#insideOf()) await this.#nested
    if (this.#over) throw transactionOver()
    return statement(this.#course.connection)
  }

  async nest<T>(work: Work<T>, options: TransactionOptions = {}): Promise<T> {
    const bounds = readTransactionOptions(work, options)
    refuseOtherKind(options, this.#course.kind)
    const inner = this.#insideOf()
    if (inner) return inner.nest(work, options)
    const before = this.#nested ?? Promise.resolve()
    const running = before.then(() => bounded(bounds, this.#course.stop, () => this.#savepoint(work)))
    const settled: Promise<void> = running.then(nothing, nothing).then(() => {
      if (this.#nested === settled) this.#nested = undefined
    })
    this.#nested = settled
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
      this.#course.broken ??= error
    }
  }
}

const nothing = () => {}

function transactionOver(): WarmpoolError {
  return new WarmpoolError(
    'CONNECTION_RELEASED',
    'this transaction has ended: await its statements inside the callback',
    { outcome: 'not-sent' },
  )
}
