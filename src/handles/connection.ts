import { EventEmitter } from 'node:events'
import type { ReadableOptions } from 'node:stream'
import type {
  ConnectionOptions,
  ConnectionState,
  FieldPacket,
  QueryResult,
  QueryValues,
  RowDataPacket,
} from 'mysql2'
import type { ExecuteValues, PoolConnection, PreparedStatementInfo } from 'mysql2/promise'
import { within } from '../clock.ts'
import { type Done, escapeId, escapeValue, formatSql, type Sql, withoutSecrets } from '../driver.ts'
import { WarmpoolError } from '../errors.ts'
import type { Lease } from '../invocation/lease.ts'
import type { Kind, Link } from '../link.ts'
import { STATE } from '../policy/session.ts'
import { answer } from './answer.ts'
import type { StatementOptions } from './bounds.ts'
import { CallbackConnection } from './callback.ts'
import { prepareOn } from './prepared.ts'
import { renewed } from './renewal.ts'
import { type Method, noting, type Result, refuseCallback, runOn } from './statement.ts'
import { RowStream, streamOn } from './stream.ts'

/**
 * A leased connection, with the members of mysql2's promise `PoolConnection`. It is dead after `release()` and after its
 * invocation: use then rejects, while `release()` and `rollback()` do nothing, so that clean-up code does not hide the error
 * that led to it.
 */
export class Connection extends EventEmitter implements PoolConnection {
  readonly #lease: Lease
  /** Whether anything was, sent or not yet. */
  #asked = false
  readonly #streams = new Set<RowStream<unknown>>()
  #callbacks: CallbackConnection | undefined

  constructor(lease: Lease) {
    super()
    this.#lease = lease
    lease.whenOver = (error, stopping) => {
      if (!stopping) for (const stream of this.#streams) stream.destroy(error)
    }
  }

  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => this.#statement('query', sql, values))
  }

  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | StatementOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return answer(() => this.#statement('execute', sql, values))
  }

  /** Rows one by one. */
  stream<Row = RowDataPacket>(
    sql: string | StatementOptions,
    values?: QueryValues,
    options?: ReadableOptions,
  ): RowStream<Row> {
    const stream = new RowStream<Row>(options)
    this.#asked = true
    if (this.#lease.lost)
      renewed(this.#lease, sql).then(
        (rest) => stream.destroyed || this.#stream(stream, rest, values),
        (error) => stream.destroy(error),
      )
    else this.#stream(stream, sql, values)
    return stream
  }

  /** For `transaction()`: what ends it before {@link commitGuarded} has the rest refused. Not of mysql2. */
  beginGuarded(kind: Kind): Promise<void> {
    return this.#tell((link, done) => link.begin(kind, done))
  }

  commitGuarded(): Promise<void> {
    return this.#tell((link, done) => link.commit(done))
  }

  beginTransaction(): Promise<void> {
    return this.#run('START TRANSACTION')
  }

  commit(): Promise<void> {
    return this.#run('COMMIT')
  }

  /** Does nothing on a connection that was given back or taken away, or that nothing was asked of: there is nothing to roll back. */
  async rollback(): Promise<void> {
    if (this.#asked && !this.#lease.over) await this.#run('ROLLBACK')
  }

  ping(): Promise<void> {
    return this.#tell((link, done) => link.ping(done))
  }

  /** Clears the session. What the pool keeps in a session of its own is set again when the connection is given back. */
  reset(): Promise<void> {
    return this.#tell((link, done) => link.reset(done, STATE))
  }

  changeUser(options: ConnectionOptions): Promise<void> {
    return this.#tell((link, done) => link.changeUser(options, done))
  }

  prepare(sql: string | StatementOptions): Promise<PreparedStatementInfo> {
    const close = () => this.unprepare(sql)
    return answer(() => prepareOn((run) => this.#noted(run), sql, close))
  }

  unprepare(sql: string | StatementOptions): void {
    this.#lease.link?.unprepare(sql)
  }

  /** It is connected: that is what `getConnection` waited for. */
  async connect(): Promise<void> {}

  /** Gives the connection back to the pool. A second time, and after the invocation, it does nothing. */
  release(): void {
    void this.#giveBack()
  }

  /** Closes the connection instead of giving it back. What runs on it may run on at the server. */
  destroy(): void {
    this.#lease.owner.drop(this.#lease, released())
  }

  /** The same as `release`, as in mysql2. */
  async end(): Promise<void> {
    this.release()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const cleaned = this.#giveBack()
    if (cleaned) await within(this.#lease.owner.deadline, cleaned)
  }

  pause(): void {
    this.#lease.link?.pause()
  }

  resume(): void {
    this.#lease.link?.resume()
  }

  /** The same connection with callbacks, as in mysql2; query builders stream through it. */
  get connection(): PoolConnection {
    this.#callbacks ??= new CallbackConnection(this)
    return this.#callbacks as unknown as PoolConnection
  }

  get config(): ConnectionOptions {
    return withoutSecrets(this.#lease.link?.config ?? {})
  }

  get threadId(): number {
    return this.#lease.link?.threadId ?? 0
  }

  get state(): ConnectionState {
    return this.#lease.link && !this.#lease.link.dead ? 'authenticated' : 'disconnected'
  }

  escape(value: unknown): string {
    return escapeValue(value as never, false, this.config.timezone)
  }

  escapeId(value: string | string[]): string {
    return escapeId(value as string)
  }

  format(sql: string, values?: unknown): string {
    const { stringifyObjects = false, timezone = 'local' } = this.config
    return formatSql(sql, values as never, stringifyObjects, timezone)
  }

  #run(sql: string): Promise<void> {
    return answer(async () => void (await this.#statement('query', sql, undefined)))
  }

  #tell(run: (link: Link, done: Done) => void): Promise<void> {
    return answer(async () => void (await this.#noted(run)))
  }

  /** What a COMMIT or a prepared statement is refused by says as much of the server as what a query is. */
  #noted<T>(run: (link: Link, done: Done) => void): Promise<Result<T>> {
    return this.#call((link, done) => run(link, noting(this.#lease, done)))
  }

  async #statement<T>(method: Method, sql: Sql, values: unknown): Promise<Result<T>> {
    refuseCallback(values)
    return this.#call((link, done, rest) => runOn(link, this.#lease, method, rest, values, done), sql)
  }

  /** @param sql of a statement; what it may take includes the waiting for another connection in place of a dead one */
  async #call<T>(run: (link: Link, done: Done, rest: Sql) => void, sql: Sql = ''): Promise<Result<T>> {
    this.#asked = true
    const rest = this.#lease.lost ? await renewed(this.#lease, sql) : sql
    const link = this.#lease.link
    if (!link || this.#lease.over) throw this.#over()
    this.#lease.used = true
    return new Promise((resolve, reject) =>
      run(
        link,
        (error, rows, fields) => (error ? reject(error) : resolve([rows as T, fields as FieldPacket[]])),
        rest,
      ),
    )
  }

  #stream<Row>(stream: RowStream<Row>, sql: Sql, values?: QueryValues): void {
    const link = this.#lease.link
    if (!link || this.#lease.over) return void stream.destroy(this.#over())
    this.#lease.used = true
    this.#streams.add(stream)
    streamOn(link, this.#lease, sql, values, stream, () => this.#streams.delete(stream))
  }

  /** A stream that nobody reads on would hold the socket back for whoever comes next: closed, it drains. */
  #giveBack(): Promise<void> | undefined {
    for (const stream of this.#streams) stream.destroy()
    if (this.#lease.pending) return void this.#lease.owner.drop(this.#lease, released())
    return this.#lease.owner.give(this.#lease, released())
  }

  #over(): Error {
    return this.#lease.over ?? released()
  }
}

function released(): WarmpoolError {
  return new WarmpoolError(
    'CONNECTION_RELEASED',
    'this connection has been released: get another with getConnection()',
    {
      outcome: 'not-sent',
    },
  )
}
