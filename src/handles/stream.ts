import { AsyncResource } from 'node:async_hooks'
import { Readable, type ReadableOptions } from 'node:stream'
import type { RowDataPacket } from 'mysql2'
import { type Done, type Sql, textOf } from '../driver.ts'
import { type ErrorCode, WarmpoolError } from '../errors.ts'
import type { Invocation } from '../invocation/invocation.ts'
import { Lease } from '../invocation/lease.ts'
import { errorOf, type Reason } from '../invocation/reason.ts'
import type { Scope } from '../invocation/scope.ts'
import type { Link } from '../link.ts'
import type { Place } from '../place.ts'
import { shownSql } from '../policy/shown-sql.ts'
import { besideTransaction } from './beside.ts'
import { boundsOfStatement, unbounded, watch } from './bounds.ts'

/**
 * The rows of a query on a connection of its own, which goes back when the stream is closed.
 *
 * @param from where it was asked for
 */
export function streamAlone<Row>(
  scope: Scope,
  invocation: Invocation,
  from: Place,
  sql: Sql,
  values: unknown,
  options?: ReadableOptions,
): RowStream<Row> {
  const stream = new RowStream<Row>(options)
  return stream.guarded(() => {
    const bounds = boundsOfStatement(sql)
    const settled = () => {
      unwatch?.()
      void invocation.give(lease)
    }
    const use = (link: Link) => void streamRows(link, sql, values, stream, settled)
    const failed = (error: Error) => {
      unwatch?.()
      stream.destroy(error)
    }
    const lease = new Lease(invocation, textOf(sql), use, failed)
    lease.from = from
    lease.stream = stream
    lease.whenOver = (error, stopping) => void (stopping || stream.destroy(error))
    const unwatch = bounds && watch(bounds, (reason) => invocation.halt(lease, reason))
    if (scope.transaction) besideTransaction(scope, lease, streamAlone)
    invocation.take(lease)
  })
}

/**
 * The rows of a query on a connection that is held for longer.
 *
 * @param settled called when the connection is free again
 */
export function streamOn<Row>(
  link: Link,
  lease: Lease,
  sql: Sql,
  values: unknown,
  stream: RowStream<Row>,
  settled: () => void,
): RowStream<Row> {
  return stream.guarded(() => {
    const bounds = boundsOfStatement(sql)
    let unwatch = () => {}
    const done = streamRows(link, sql, values, stream, () => {
      unwatch()
      settled()
    })
    const stop = (reason: Reason) => {
      const waited = errorOf(reason, `${shownSql(textOf(sql))} had waited for others on its connection`)
      if (!link.withdraw(done, waited)) lease.owner.halt(lease, reason)
    }
    if (bounds && !stream.destroyed) unwatch = watch(bounds, stop)
  })
}

/**
 * Hands rows over as they come. The socket is held back while nobody reads. Leaving early discards what is still to come.
 *
 * @param settled called once, when the connection is free again
 * @returns what stands for the statement while it waits for its turn
 */
function streamRows<Row>(
  link: Link,
  sql: Sql,
  values: unknown,
  stream: RowStream<Row>,
  settled: () => void,
): Done {
  stream.resumeLink = () => link.resume()
  const sink = {
    fields: (fields: unknown) => {
      stream.begun = true
      stream.asCaller(() => stream.emit('fields', fields))
    },
    row: (row: unknown) => {
      if (!stream.destroyed && !link.stopping && !stream.asCaller(() => stream.push(row))) link.pause()
    },
  }
  const done: Done = (error) => {
    stream.resumeLink = () => {} // the link is somebody else's from here on
    settled()
    stream.asCaller(() => {
      if (error) stream.destroy(error)
      else if (!stream.destroyed) stream.push(null)
    })
  }
  link.rows(typeof sql === 'string' ? sql : unbounded(sql), values, sink, done)
  return done
}

const TAKEN_BACK = new Set<ErrorCode>([
  'INVOCATION_ENDED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'CONNECTION_RELEASED',
  'POOL_ENDED',
])

/** Exists before its connection does. Its events come in the async context of whoever asked for it. */
export class RowStream<Row = RowDataPacket> extends Readable {
  readonly #caller = new AsyncResource('warmpool:stream')
  resumeLink: () => void = () => {}
  /** Whether rows are coming. */
  begun = false

  constructor(options: ReadableOptions = {}) {
    super({ ...options, objectMode: true })
  }

  /** Runs it in the async context of whoever asked for the stream. */
  asCaller<T>(run: () => T): T {
    return this.#caller.runInAsyncScope(run)
  }

  /** What cannot even be asked for fails the stream, as everything else does. */
  guarded(ask: () => void): this {
    try {
      ask()
    } catch (error) {
      this.destroy(error as Error)
    }
    return this
  }

  override [Symbol.asyncIterator](): NodeJS.AsyncIterator<Row> {
    return super[Symbol.asyncIterator]()
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
