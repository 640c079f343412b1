import { AsyncResource } from 'node:async_hooks'
import { Readable, type ReadableOptions } from 'node:stream'
import type { Sql } from '../driver.ts'
import { type ErrorCode, WarmpoolError } from '../errors.ts'
import type { Link } from '../link.ts'

/**
 * The rows of a query as they come. The socket is held back while nobody reads. Leaving early discards what is still to
 * come.
 *
 * @param settled called once, when the connection is free again
 */
export function streamRows(
  link: Link,
  sql: Sql,
  values: unknown,
  stream: RowStream,
  settled: (error: Error | null) => void,
): void {
  stream.resumeLink = () => link.resume()
  const sink = {
    fields: (fields: unknown) => stream.asCaller(() => stream.emit('fields', fields)),
    row: (row: unknown) => {
      if (!stream.destroyed && !stream.asCaller(() => stream.push(row))) link.pause()
    },
  }
  link.rows(sql, values, sink, (error) => {
    stream.resumeLink = () => {} // the link is somebody else's from here on
    settled(error)
    stream.asCaller(() => {
      if (error) stream.destroy(error)
      else if (!stream.destroyed) stream.push(null)
    })
  })
}

const TAKEN_BACK = new Set<ErrorCode>(['INVOCATION_ENDED', 'DEADLINE_EXCEEDED', 'CONNECTION_RELEASED'])

/** Exists before its connection does. Its events come in the async context of whoever asked for it. */
export class RowStream extends Readable {
  readonly #caller = new AsyncResource('warmpool:stream')
  resumeLink: () => void = () => {}

  constructor(options: ReadableOptions = {}) {
    super({ ...options, objectMode: true })
  }

  /** Runs it in the async context of whoever asked for the stream. */
  asCaller<T>(run: () => T): T {
    return this.#caller.runInAsyncScope(run)
  }

  override _read(): void {
    this.resumeLink()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.resumeLink()
    process.nextTick(() => done(this.#unheard(error) ? null : error)) // who asked for it has had time to listen
  }

  /** What was left behind and taken back is told as a leak; an `error` that nobody listens for would end the process. */
  #unheard(error: Error | null): boolean {
    return takenBack(error) && this.listenerCount('error') === 0
  }
}

export function takenBack(error: unknown): boolean {
  return error instanceof WarmpoolError && TAKEN_BACK.has(error.code)
}
