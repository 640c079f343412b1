import type { EventEmitter } from 'node:events'
import type { ReadableOptions } from 'node:stream'
import type {
  Pool as CallbackPoolType,
  ConnectionOptions,
  ConnectionState,
  FieldPacket,
  QueryResult,
  QueryValues,
  RowDataPacket,
} from 'mysql2'
import type { ExecuteValues, Pool as MysqlPool, PoolConnection } from 'mysql2/promise'
import { withoutSecrets } from './driver.ts'
import { forwardEvents } from './events.ts'
import { answer } from './handles/answer.ts'
import type { StatementOptions } from './handles/bounds.ts'
import type { Connection } from './handles/connection.ts'
import { connectionOf, lend } from './handles/lending.ts'
import { type Method, type Result, runAlone } from './handles/statement.ts'
import { RowStream, streamAlone } from './handles/stream.ts'
import { transact } from './handles/transacting.ts'
import type { Work } from './handles/transaction.ts'
import { refuseNoWork, type TransactionOptions } from './handles/transaction-options.ts'
import type { Scope } from './invocation/scope.ts'
import { knownKeys, milliseconds, plainObject } from './options/check.ts'
import type { PoolOptions } from './options.ts'
import { type Caller, type Place, placeOf } from './place.ts'
import { CallbackPool } from './pool-callback.ts'
import { PoolMembers } from './pool-members.ts'
import { type Pair, sharedPools } from './registry.ts'
import type { SharedPool } from './shared-pool.ts'
import { endInTransaction, poolEnded } from './slots/refusals.ts'
import type { PoolStats } from './stats.ts'
import { type AnyHandler, wrapHandler } from './wrap.ts'

const shared = new WeakMap<Pool, SharedPool>()

/** What a handle stands for. For the middleware; not a public name. */
export function sharedOf(pool: Pool): SharedPool {
  return shared.get(pool) as SharedPool
}

/**
 * A handle on the container's pool, with the members of mysql2's promise `Pool`. Inside an invocation, what it runs belongs
 * to that invocation.
 */
export class Pool extends PoolMembers implements Omit<MysqlPool, keyof EventEmitter> {
  readonly #shared: SharedPool
  readonly #scope: Scope
  readonly #reader: Pool | undefined
  #callbacks: CallbackPool | undefined
  #ended: Promise<void> | undefined

  constructor({ pool, reader }: Pair) {
    super()
    this.#shared = pool
    this.#scope = pool.scope
    pool.retain()
    shared.set(this, pool)
    forwardEvents(pool.events, this)
    if (!reader) return
    this.#reader = new Pool({ pool: reader, reader: undefined })
    this.#scope.pair(reader.scope)
  }

  /** Runs one statement. See {@link Database.query}. */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#statement(Pool.prototype.query, 'query', sql, values)
  }

  /** Runs one prepared statement. See {@link Database.execute}. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#statement(Pool.prototype.execute, 'execute', sql, values)
  }

  /** A connection until its `release()`. See {@link Database.getConnection}. */
  getConnection(): Promise<Connection> {
    const from = placeOf(Pool.prototype.getConnection)
    return answer(() => this.#connection('getConnection()', from))
  }

  releaseConnection(connection: PoolConnection): void {
    connection.release()
  }

  /** See {@link Database.withConnection}. */
  withConnection<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const from = placeOf(Pool.prototype.withConnection)
    return answer(() => {
      refuseNoWork('withConnection', work)
      return lend(this.#connection('withConnection()', from), work)
    })
  }

  /** See {@link Database.transaction}. */
  transaction<T>(work: Work<T>, options?: TransactionOptions): Promise<T> {
    const from = placeOf(Pool.prototype.transaction)
    return answer(() => {
      this.#refuseEnded()
      return transact(this.#scope, this.#scope.current, from, work, options)
    })
  }

  /** See {@link Database.stream}. */
  stream<Row = RowDataPacket>(
    sql: string | StatementOptions,
    values?: QueryValues,
    options?: ReadableOptions,
  ): RowStream<Row> {
    if (this.#ended) return new RowStream<Row>(options).destroy(poolEnded())
    const from = placeOf(Pool.prototype.stream)
    return streamAlone(this.#scope, this.#scope.current, from, sql, values, options)
  }

  /** Of the invocation that the caller is in: aborts when its time is up. See {@link Database.signal}. */
  get signal(): AbortSignal {
    return this.#scope.current.signal
  }

  /**
   * Runs work that belongs to the container, not to the invocation that happens to start it: a load whose result is kept.
   *
   * ```ts
   * let countries: Promise<Country[]> | undefined
   * const loaded = () => (countries ??= pool.detach(() => loadCountries(pool)))
   * ```
   */
  detach<T>(work: () => T): T {
    return this.#scope.detach(work)
  }

  /**
   * The handler with an invocation around each call, for use without middy. Length and own symbols of the handler stay,
   * so that response streaming works.
   */
  wrap<H extends AnyHandler>(handler: H): H {
    return wrapHandler(this.#scope, handler)
  }

  /** middy's `requestEnd` hook: `middy(handler, pool.plugin)` ends the invocation also where middy runs no `after`. */
  get plugin(): { requestEnd(request: object): Promise<void> | undefined } {
    return { requestEnd: (request) => this.#scope.endRequest(request, 'requestEnd') }
  }

  /** The pool of the read-only endpoint that the option `reader` names; without one, this pool. */
  get reader(): Pool {
    return this.#reader ?? this
  }

  stats(): PoolStats {
    return this.#shared.stats()
  }

  /**
   * Lets submitted work finish, refuses new work with `POOL_ENDED`, closes the connections, the reader's too. Several handles on
   * one pool: the last one does that, and the others are only done with.
   *
   * @param options.timeout milliseconds after which the rest is stopped, default 5000
   * @throws WarmpoolError `END_IN_TRANSACTION`, where it would wait for itself
   */
  end(options: { timeout?: number } = {}): Promise<void> {
    return this.#ended ?? answer(() => this.#end(options))
  }

  #end(options: unknown): Promise<void> {
    const given = plainObject(options, 'end(options)')
    knownKeys(given, ['timeout'], 'end.')
    for (const { scope } of [this.#shared, ...(this.#reader ? [this.#reader.#shared] : [])])
      if (scope.transaction) throw endInTransaction()
    const timeout = given.timeout === undefined ? undefined : milliseconds(0)(given.timeout, 'end.timeout')
    const reader = this.#reader?.end(given)
    this.#ended = Promise.all([this.#shared.release(timeout), reader]).then(() => {})
    return this.#ended
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end()
  }

  /** The same pool with callbacks, as mysql2's `Pool`; Kysely takes it. */
  get pool(): CallbackPoolType {
    if (!this.#callbacks) {
      this.#callbacks = new CallbackPool(this)
      forwardEvents(this, this.#callbacks)
    }
    return this.#callbacks as unknown as CallbackPoolType
  }

  /** Takes a connection, pings, gives it back. */
  ping(): Promise<void> {
    return this.withConnection((connection) => connection.ping())
  }

  /** Takes a connection and gives it back: after it, one is there. */
  connect(): Promise<void> {
    return this.withConnection(async () => {})
  }

  /** Where the pool leads; never a password. */
  get config(): ConnectionOptions {
    const { connection } = this.#shared.settings
    if (typeof connection === 'function') return {}
    const { driver, ...place } = connection
    return withoutSecrets({ ...driver, ...place })
  }

  get state(): ConnectionState {
    return this.stats().total > 0 ? 'authenticated' : 'disconnected'
  }

  #statement<T>(
    caller: Caller,
    method: Method,
    sql: string | StatementOptions,
    values: unknown,
  ): Promise<Result<T>> {
    return answer(() => {
      this.#refuseEnded()
      return runAlone<T>(this.#scope, this.#scope.current, caller, method, sql, values)
    })
  }

  async #connection(what: string, from: Place): Promise<Connection> {
    this.#refuseEnded()
    return connectionOf(this.#scope, this.#scope.current, what, from)
  }

  #refuseEnded(): void {
    if (this.#ended) throw poolEnded()
  }
}

/**
 * A handle on the container's pool for these options. Calls with the same target share one pool.
 *
 * ```ts
 * export const pool = createPool() // DATABASE_URL, or DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME
 * ```
 *
 * @throws WarmpoolError `INVALID_OPTION`
 */
export function createPool(options?: PoolOptions): Pool {
  return new Pool(sharedPools(options, createPool))
}
