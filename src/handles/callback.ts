import { EventEmitter } from 'node:events'
import type { ReadableOptions } from 'node:stream'
import type { FieldPacket, QueryOptions } from 'mysql2'
import type { PreparedStatementInfo } from 'mysql2/promise'
import { textOf } from '../driver.ts'
import { askedBy, placeOf } from '../place.ts'
import { CallbackQuery } from './callback-query.ts'
import type { RowStream } from './stream.ts'

type Callback = (error: Error | null, result?: unknown, fields?: FieldPacket[]) => void
type Sql = string | QueryOptions

/** What the callback face needs of the promise one: a pool and a connection both have it. */
export interface PromiseFace {
  query(sql: never, values?: never): Promise<[unknown, FieldPacket[]]>
  execute(sql: never, values?: never): Promise<[unknown, FieldPacket[]]>
  stream(sql: never, values?: never, options?: ReadableOptions): RowStream
  escape(value: unknown): string
  escapeId(value: string | string[]): string
  format(sql: string, values?: unknown): string
}

/** `query` and `execute` as mysql2's callback API has them. Callbacks run in the async context of their caller. */
export class CallbackFace<Face extends PromiseFace> extends EventEmitter {
  protected readonly face: Face

  constructor(face: Face) {
    super()
    this.face = face
  }

  /** Without a callback the answer comes by what this gives: by its events, or its `stream()`. */
  query(sql: Sql, values?: unknown, callback?: Callback): CallbackQuery {
    const { bound, done, text } = this.#read(sql, values, callback)
    const { face } = this
    if (!done) {
      const place = placeOf(CallbackFace.prototype.query)
      const open = (options?: ReadableOptions) =>
        askedBy(place, () => face.stream(sql as never, bound, options))
      return new CallbackQuery(text, open)
    }
    settle(
      askedBy(CallbackFace.prototype.query, () => face.query(sql as never, bound)),
      done,
      true,
    )
    return new CallbackQuery(text)
  }

  /** @throws TypeError without a callback: events and streams are `query`'s */
  execute(sql: Sql, values?: unknown, callback?: Callback): CallbackQuery {
    const { bound, done, text } = this.#read(sql, values, callback)
    if (!done) throw new TypeError("execute() needs a callback: events and streams are query()'s")
    settle(
      askedBy(CallbackFace.prototype.execute, () => this.face.execute(sql as never, bound)),
      done,
      true,
    )
    return new CallbackQuery(text)
  }

  escape(value: unknown): string {
    return this.face.escape(value)
  }

  escapeId(value: string | string[]): string {
    return this.face.escapeId(value)
  }

  format(sql: string, values?: unknown): string {
    return this.face.format(sql, values)
  }

  promise(): Face {
    return this.face
  }

  /** A failure for which there is no callback is an `error` event, as with mysql2. */
  protected tell(promise: Promise<unknown>, callback: Callback | undefined): void {
    settle(promise, callback ?? ((error) => error && this.emit('error', error)))
  }

  #read(sql: Sql, values: unknown, callback: Callback | undefined) {
    const [bound, done] = typeof values === 'function' ? [undefined, values as Callback] : [values, callback]
    const text = () =>
      this.face.format(textOf(sql), bound ?? (typeof sql === 'string' ? undefined : sql.values))
    return { bound: bound as never, done, text }
  }
}

/** The part of a leased connection that has a callback form. */
export interface ConnectionFace extends PromiseFace {
  readonly threadId: number
  readonly config: object
  readonly state: string
  beginTransaction(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  ping(): Promise<void>
  reset(): Promise<void>
  changeUser(options: never): Promise<void>
  prepare(sql: never): Promise<PreparedStatementInfo>
  unprepare(sql: never): void
  release(): void
  destroy(): void
  pause(): void
  resume(): void
}

/** A leased connection as mysql2's callback `PoolConnection`. */
export class CallbackConnection extends CallbackFace<ConnectionFace> {
  get threadId(): number {
    return this.face.threadId
  }

  get config(): object {
    return this.face.config
  }

  get state(): string {
    return this.face.state
  }

  beginTransaction(callback?: Callback): void {
    this.tell(this.face.beginTransaction(), callback)
  }

  commit(callback?: Callback): void {
    this.tell(this.face.commit(), callback)
  }

  rollback(callback?: Callback): void {
    this.tell(this.face.rollback(), callback)
  }

  ping(callback?: Callback): void {
    this.tell(this.face.ping(), callback)
  }

  reset(callback?: Callback): void {
    this.tell(this.face.reset(), callback)
  }

  changeUser(options: object, callback?: Callback): void {
    this.tell(this.face.changeUser(options as never), callback)
  }

  prepare(sql: Sql, callback?: Callback): void {
    this.tell(this.face.prepare(sql as never).then(withCallbacks), callback)
  }

  unprepare(sql: Sql): void {
    this.face.unprepare(sql as never)
  }

  connect(callback?: Callback): void {
    this.tell(Promise.resolve(), callback)
  }

  release(): void {
    this.face.release()
  }

  end(callback?: Callback): void {
    this.face.release()
    this.tell(Promise.resolve(), callback)
  }

  [Symbol.dispose](): void {
    this.face.release()
  }

  destroy(): void {
    this.face.destroy()
  }

  pause(): void {
    this.face.pause()
  }

  resume(): void {
    this.face.resume()
  }
}

function withCallbacks({ execute, close }: PreparedStatementInfo) {
  return {
    execute: (parameters: unknown, callback?: Callback) => {
      if (typeof parameters === 'function') settle(execute([]), parameters as Callback, true)
      else if (callback) settle(execute(parameters), callback, true)
      else throw new TypeError('execute() needs a callback')
    },
    close: () => void close(),
  }
}

/** The callback is called outside the promise, so that what it throws is an uncaught exception, as with mysql2. */
export function settle(promise: Promise<unknown>, callback: Callback, rows = false): void {
  promise.then(
    (result) => {
      if (rows) process.nextTick(callback, null, ...(result as [unknown, FieldPacket[]]))
      else process.nextTick(callback, null, result)
    },
    (error) => process.nextTick(callback, error),
  )
}
