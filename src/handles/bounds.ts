import type { QueryOptions } from 'mysql2'
import { alarmAt, clock } from '../clock.ts'
import type { Sql } from '../driver.ts'
import { invalidOption, WarmpoolError } from '../errors.ts'
import type { Reason } from '../invocation/reason.ts'
import { kindOf, milliseconds } from '../options/check.ts'

/** What a single call may add to mysql2's options. */
export interface Bounds {
  /** Milliseconds that the call may take, waiting for a connection included. Then it is stopped on the server. */
  readonly timeout?: number | undefined
  /** Stops the call when it aborts, on the server too. */
  readonly signal?: AbortSignal | undefined
}

/** mysql2's options of a statement, with what may stop it. */
export type StatementOptions = QueryOptions & Bounds

/** @throws WarmpoolError `INVALID_OPTION`; `ABORTED` where the signal has aborted already */
export function boundsOf(given: { timeout?: unknown; signal?: unknown }): Bounds | undefined {
  const { timeout, signal } = given
  if (!timeout && signal === undefined) return undefined
  if (timeout) milliseconds(1)(timeout, 'timeout')
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw invalidOption('signal', kindOf(signal), 'an AbortSignal')
  if (signal?.aborted) throw abortedBefore(signal)
  return given as Bounds
}

export function boundsOfStatement(sql: Sql): Bounds | undefined {
  return typeof sql === 'string' ? undefined : boundsOf(sql as StatementOptions)
}

/** The options as mysql2 may see them: its own `timeout` leaves the statement running for the next user to wait on. */
export function unbounded(sql: Sql): Sql {
  const { timeout: _, signal: __, ...options } = sql as StatementOptions
  return options
}

/** Calls `over` when a bound is reached. @returns takes that back */
export function watch({ timeout, signal }: Bounds, over: (reason: Reason) => void): () => void {
  const why = `its timeout of ${timeout} ms was over`
  const alarm = timeout
    ? alarmAt(clock.now() + timeout, () => over({ code: 'DEADLINE_EXCEEDED', why }))
    : undefined
  const abort = () => over({ code: 'ABORTED', why: 'its signal was aborted', cause: signal?.reason })
  signal?.addEventListener('abort', abort)
  return () => {
    alarm?.clear()
    signal?.removeEventListener('abort', abort)
  }
}

/** Runs something within bounds, if there are any. */
export async function bounded<T>(
  bounds: Bounds | undefined,
  over: (reason: Reason) => void,
  run: () => Promise<T>,
): Promise<T> {
  const unwatch = bounds && watch(bounds, over)
  try {
    return await run()
  } finally {
    unwatch?.()
  }
}

function abortedBefore(signal: AbortSignal): WarmpoolError {
  return new WarmpoolError('ABORTED', 'its signal was aborted before anything was done', {
    cause: signal.reason,
    outcome: 'not-sent',
  })
}
