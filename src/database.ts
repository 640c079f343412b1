import type { ReadableOptions } from 'node:stream'
import type { FieldPacket, QueryOptions, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import type { Sql } from './driver.ts'
import { invalidOption } from './errors.ts'
import { answer } from './handles/answer.ts'
import { Connection } from './handles/connection.ts'
import { runAlone, textOf } from './handles/statement.ts'
import { RowStream, streamRows } from './handles/stream.ts'
import { Transaction } from './handles/transaction.ts'
import type { Invocation } from './invocation/invocation.ts'
import { Lease } from './invocation/lease.ts'
import type { Scope } from './invocation/scope.ts'
import type { Link } from './link.ts'
import { kindOf } from './options/check.ts'

/** The database as one invocation sees it. What it lends ends with the invocation. */
export class Database {
  readonly #scope: Scope
  readonly #invocation: Invocation

  constructor(scope: Scope, invocation: Invocation) {
    this.#scope = scope
    this.#invocation = invocation
  }

  /**
   * Runs one statement, as mysql2's `query`. The result type defaults to rows; name `ResultSetHeader` for a write.
   *
   * ```ts
   * const [rows] = await db.query('SELECT id, name FROM customers WHERE id = ?', [id])
   * const [result] = await db.query<ResultSetHeader>('DELETE FROM carts WHERE id = ?', [id])
   * ```
   *
   * @throws WarmpoolError `INVOCATION_ENDED`, `DEADLINE_EXCEEDED`, `ACQUIRE_TIMEOUT`, `POOL_QUEUE_FULL`, `CONNECT_FAILED`,
   * `CREDENTIALS_FAILED`, `POOL_ENDED`; mysql2's own errors for what the server refuses
   */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => runAlone<T>(this.#invocation, 'query', sql, values))
  }

  /** Runs one prepared statement, as mysql2's `execute`. Throws as {@link query}. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => runAlone<T>(this.#invocation, 'execute', sql, values))
  }

  /**
   * A connection until its `release()`, or the end of the scope with `await using`.
   *
   * ```ts
   * await using connection = await db.getConnection()
   * ```
   */
  getConnection(): Promise<Connection> {
    return answer(async () => new Connection(await this.#lease('getConnection()')))
  }

  /** A connection for the time of a callback: it cannot be left behind. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    if (typeof work !== 'function')
      return Promise.reject(invalidOption('withConnection(work)', kindOf(work), 'an async function'))
    return answer(() => this.#lend('withConnection()', work))
  }

  /**
   * Runs `work` in a transaction: committed when it returns, rolled back when it throws, nothing else ever.
   *
   * ```ts
   * const id = await db.transaction(async (tx) => {
   *   await tx.query('UPDATE stock SET left_over = left_over - 1 WHERE sku = ?', [sku])
   *   const [order] = await tx.query<ResultSetHeader>('INSERT INTO orders (sku) VALUES (?)', [sku])
   *   return order.insertId
   * })
   * ```
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    if (typeof work !== 'function')
      return Promise.reject(invalidOption('transaction(work)', kindOf(work), 'an async function'))
    return answer(() =>
      this.#lend('transaction()', async (connection) => {
        await connection.beginGuarded()
        const tx = new Transaction(connection)
        const result = await this.#scope.run(this.#invocation, () => work(tx), true)
        tx.close()
        await connection.commitGuarded()
        return result
      }),
    )
  }

  /** The rows of a query one by one: a readable stream of objects, which holds its connection until it is closed. */
  stream(sql: string | QueryOptions, values?: QueryValues, options?: ReadableOptions): RowStream {
    const stream = new RowStream(options)
    const lease: Lease = new Lease(this.#invocation, textOf(sql as Sql), use, (error) =>
      stream.destroy(error),
    )
    function use(link: Link) {
      streamRows(link, sql, values, stream, () => void lease.owner.give(lease))
    }
    this.#invocation.take(lease)
    return stream
  }

  /** Given back, a connection is rolled back if a transaction is still open. */
  async #lend<T>(what: string, work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = new Connection(await this.#lease(what))
    try {
      return await work(connection)
    } finally {
      await connection[Symbol.asyncDispose]()
    }
  }

  #lease(what: string): Promise<Lease> {
    return new Promise((resolve, reject) => {
      const lease: Lease = new Lease(this.#invocation, what, () => resolve(lease), reject)
      this.#invocation.take(lease)
    })
  }
}
