import { EventEmitter } from 'node:events'
import type { ReadableOptions } from 'node:stream'
import type { FieldPacket, QueryOptions } from 'mysql2'
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

  /** Without a callback it gives the query: `.stream()`, or events `fields`, `result`, `error`, `end`. */
  query(sql: Sql, values?: unknown, callback?: Callback): CallbackQuery | undefined {
    const [bound, done] = typeof values === 'function' ? [undefined, values as Callback] : [values, callback]
    if (!done) return new CallbackQuery((options) => this.face.stream(sql as never, bound as never, options))
    settle(this.face.query(sql as never, bound as never), done, true)
    return undefined
  }

  execute(sql: Sql, values?: unknown, callback?: Callback): void {
    const [bound, done] = typeof values === 'function' ? [undefined, values as Callback] : [values, callback]
    settle(this.face.execute(sql as never, bound as never), done, true)
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
}

/** The part of a leased connection that has a callback form. */
export interface ConnectionFace extends PromiseFace {
  readonly threadId: number
  readonly config: object
  beginTransaction(): Promise<void>
  commit(): Promise<void>
  rollback(): Promise<void>
  ping(): Promise<void>
  reset(): Promise<void>
  changeUser(options: never): Promise<void>
  prepare(sql: never): Promise<unknown>
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

  beginTransaction(callback?: Callback): void {
    settle(this.face.beginTransaction(), callback)
  }

  commit(callback?: Callback): void {
    settle(this.face.commit(), callback)
  }

  rollback(callback?: Callback): void {
    settle(this.face.rollback(), callback)
  }

  ping(callback?: Callback): void {
    settle(this.face.ping(), callback)
  }

  reset(callback?: Callback): void {
    settle(this.face.reset(), callback)
  }

  changeUser(options: object, callback?: Callback): void {
    settle(this.face.changeUser(options as never), callback)
  }

  prepare(sql: Sql, callback?: Callback): void {
    settle(this.face.prepare(sql as never), callback)
  }

  unprepare(sql: Sql): void {
    this.face.unprepare(sql as never)
  }

  connect(callback?: Callback): void {
    settle(Promise.resolve(), callback)
  }

  release(): void {
    this.face.release()
  }

  end(callback?: Callback): void {
    this.face.release()
    settle(Promise.resolve(), callback)
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

/** A query whose answer is taken by events or as a stream. It runs when the caller has had time to say which. */
export class CallbackQuery extends EventEmitter {
  readonly #open: (options?: ReadableOptions) => RowStream
  #streamed = false

  constructor(open: (options?: ReadableOptions) => RowStream) {
    super()
    this.#open = open
    process.nextTick(() => this.#streamed || this.#forward())
  }

  stream(options?: ReadableOptions): RowStream {
    this.#streamed = true
    return this.#open(options)
  }

  #forward(): void {
    this.#open()
      .on('fields', (fields) => this.emit('fields', fields))
      .on('data', (row) => this.emit('result', row))
      .on('error', (error) => this.emit('error', error))
      .on('close', () => this.emit('end'))
  }
}

/** The callback is called outside the promise, so that what it throws is an uncaught exception, as with mysql2. */
export function settle(promise: Promise<unknown>, callback: Callback | undefined, rows = false): void {
  promise.then(
    (result) => {
      if (!callback) return
      if (rows) process.nextTick(callback, null, ...(result as [unknown, FieldPacket[]]))
      else process.nextTick(callback, null, result)
    },
    (error) => callback && process.nextTick(callback, error),
  )
}
