import { randomUUID } from 'node:crypto'
import type { InvocationResult } from '../lambda/container.ts'
import type { InvocationError } from '../lambda/invocation-error.ts'
import type { ConnectionUse } from './connection-book.ts'

/**
 * What a container was when the event came: without a process that had loaded the handler, with one, or frozen; `throttled` when there
 * could be no more containers.
 */
export type Start = 'cold' | 'warm' | 'thawed' | 'throttled'

/** How an invocation of a function went; what fails is a result too, with `ok: false` and an `error`. */
export type LambdaResult = InvocationResult & {
  readonly start: Start
  /** The container's number, from 1 on; undefined when throttled. */
  readonly container: number | undefined
  /**
   * What it did to its container's connections; undefined without a `database`. In a container that takes several invocations at
   * once, that of the others meanwhile is in it.
   */
  readonly connections: ConnectionUse | undefined
}

/** One that came to no process; times are 0. */
export function unanswered(
  { errorType, errorMessage }: InvocationError,
  start: Start,
  container?: number,
  requestId: string = randomUUID(),
): LambdaResult {
  return {
    ok: false,
    error: { errorType, errorMessage },
    requestId,
    durationMs: 0,
    billedMs: 0,
    maxMemoryMb: 0,
    status: 'error',
    start,
    container,
    connections: undefined,
  }
}

/** @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
export const TOO_MANY: InvocationError = {
  errorType: 'TooManyRequestsException',
  errorMessage: 'Rate Exceeded.',
}
