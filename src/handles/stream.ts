import { AsyncResource } from 'node:async_hooks'
import { Readable, type ReadableOptions } from 'node:stream'
import type { Sql } from '../driver.ts'
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
  const caller = stream.caller
  const sink = {
    fields: (fields: unknown) => caller.runInAsyncScope(() => stream.emit('fields', fields)),
    row: (row: unknown) => {
      if (!stream.destroyed && !caller.runInAsyncScope(() => stream.push(row))) link.pause()
    },
  }
  link.rows(sql, values, sink, (error) => {
    stream.resumeLink = () => {} // the link is somebody else's from here on
    settled(error)
    caller.runInAsyncScope(() => {
      if (error) stream.destroy(error)
      else if (!stream.destroyed) stream.push(null)
    })
  })
}

/** Exists before its connection does. Its events come in the async context of whoever asked for it. */
export class RowStream extends Readable {
  readonly caller = new AsyncResource('warmpool:stream')
  resumeLink: () => void = () => {}

  constructor(options: ReadableOptions = {}) {
    super({ ...options, objectMode: true })
  }

  override _read(): void {
    this.resumeLink()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.resumeLink()
    done(error)
  }
}
