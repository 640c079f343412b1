import type { ReadableOptions } from 'node:stream'
import type { FieldPacket, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import { answer } from './handles/answer.ts'
import type { StatementOptions } from './handles/bounds.ts'
import type { Connection } from './handles/connection.ts'
import { connectionOf, lend } from './handles/lending.ts'
import { runAlone } from './handles/statement.ts'
import { type RowStream, streamAlone } from './handles/stream.ts'
import { transact } from './handles/transacting.ts'
import type { Work } from './handles/transaction.ts'
import { refuseNoWork, type TransactionOptions } from './handles/transaction-options.ts'
import type { Invocation } from './invocation/invocation.ts'
import type { Scope } from './invocation/scope.ts'
import { placeOf } from './place.ts'

/** The database as one invocation sees it. What it lends ends with the invocation. */
export class Database {
  readonly #scope: Scope
  readonly #invocation: Invocation
  readonly #readers: Scope | undefined

  /** @param readers the scope of the pool's reader, where it has one */
  constructor(scope: Scope, invocation: Invocation, readers?: Scope) {
    this.#scope = scope
    this.#invocation = invocation
    this.#readers = readers
  }

  /**
   * Runs one statement, as mysql2's `query`. The result type defaults to rows; name `ResultSetHeader` for a write.
   *
   * ```ts
   * const [rows] = await db.query('SELECT id, name FROM customers WHERE id = ?', [id])
   * const [result] = await db.query<ResultSetHeader>('DELETE FROM carts WHERE id = ?', [id])
   * const [slow] = await db.query({ sql: 'CALL report()', timeout: 500, signal }) // stopped on the server, too
   * ```
   *
   * @throws WarmpoolError `INVOCATION_ENDED`, `DEADLINE_EXCEEDED`, `ACQUIRE_TIMEOUT`, `POOL_QUEUE_FULL`, `CONNECT_FAILED`,
   * `CREDENTIALS_FAILED`, `POOL_ENDED`, `ABORTED`; mysql2's own errors for what the server refuses
   */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() =>
      runAlone<T>(this.#scope, this.#invocation, Database.prototype.query, 'query', sql, values),
    )
  }

  /** Runs one prepared statement, as mysql2's `execute`. Throws as {@link query}. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() =>
      runAlone<T>(this.#scope, this.#invocation, Database.prototype.execute, 'execute', sql, values),
    )
  }

  /**
   * A connection until its `release()`, or the end of the scope with `await using`.
   *
   * ```ts
   * await using connection = await db.getConnection()
   * ```
   */
  getConnection(): Promise<Connection> {
    const from = placeOf(Database.prototype.getConnection)
    return answer(() => connectionOf(this.#scope, this.#invocation, 'getConnection()', from))
  }

  /** A connection for the time of a callback: it cannot be left behind. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const from = placeOf(Database.prototype.withConnection)
    return answer(() => {
      refuseNoWork('withConnection', work)
      return lend(connectionOf(this.#scope, this.#invocation, 'withConnection()', from), work)
    })
  }

  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws, nothing else ever. Called inside the
   * callback of another one, it is a part of that: a savepoint.
   *
   * ```ts
   * const id = await db.transaction(async (tx) => {
   *   await tx.query('UPDATE stock SET left_over = left_over - 1 WHERE sku = ?', [sku])
   *   const [order] = await tx.query<ResultSetHeader>('INSERT INTO orders (sku) VALUES (?)', [sku])
   *   return order.insertId
   * }, { isolation: 'serializable', retries: 3 })
   * ```
   *
   * @throws WarmpoolError as {@link query}; `TRANSACTION_LOST`, `COMMIT_UNKNOWN`, `INVALID_OPTION`, `ABORTED`; whatever `work` throws
   */
  transaction<T>(work: Work<T>, options?: TransactionOptions): Promise<T> {
    const from = placeOf(Database.prototype.transaction)
    return answer(() => transact(this.#scope, this.#invocation, from, work, options))
  }

  /** The rows of a query one by one: a readable stream of objects, which holds its connection until it is closed. */
  stream<Row = RowDataPacket>(
    sql: string | StatementOptions,
    values?: QueryValues,
    options?: ReadableOptions,
  ): RowStream<Row> {
    const from = placeOf(Database.prototype.stream)
    return streamAlone(this.#scope, this.#invocation, from, sql, values, options)
  }

  /**
   * The same on the read-only endpoint that the pool's option `reader` names; without one, this database itself. What was just
   * written may not be there yet, and a transaction of {@link transaction} does not reach there.
   *
   * ```ts
   * const [rows] = await db.reader.query('SELECT id, name FROM products ORDER BY id')
   * ```
   */
  get reader(): Database {
    const invocation = this.#readers && this.#scope.pairOf(this.#invocation, this.#readers)
    return invocation ? new Database(this.#readers as Scope, invocation) : this
  }

  /**
   * Aborts when the invocation's time, less the margin, is up: for whatever else the handler waits for.
   *
   * ```ts
   * const rates = await fetch(url, { signal: db.signal })
   * ```
   */
  get signal(): AbortSignal {
    return this.#invocation.signal
  }
}
