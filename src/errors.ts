/** Every code a {@link WarmpoolError} can carry. docs/errors.md says when, why and what to do. */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'ACQUIRE_TIMEOUT'
  | 'POOL_QUEUE_FULL'
  | 'POOL_ENDED'
  | 'END_IN_TRANSACTION'
  | 'CONNECT_FAILED'
  | 'DEADLINE_EXCEEDED'
  | 'ABORTED'
  | 'INVOCATION_ENDED'
  | 'CONNECTION_RELEASED'
  | 'CREDENTIALS_FAILED'
  | 'NOT_ON_A_POOL'
  | 'TRANSACTION_LOST'
  | 'COMMIT_UNKNOWN'
  | 'TEXT_EXECUTE_REFUSED'
  | 'PINNED'
  | 'LEAK'

/** Whether a statement that failed with its connection had been sent: `unknown` means it may have taken effect. */
export type Outcome = 'not-sent' | 'unknown'

interface Details {
  readonly retryable?: boolean
  readonly statusCode?: number
  readonly cause?: unknown
  readonly outcome?: Outcome
}

/**
 * The one error class of this package. `statusCode` (503, a deadline 504) and `expose: false` follow the http-errors
 * convention. middy's `httpErrorHandler` answers 500 to whatever is not to be exposed, and tells the caller nothing.
 */
export class WarmpoolError extends Error {
  override readonly name = 'WarmpoolError'
  readonly code: ErrorCode
  /** True when the same call may succeed if made again: nothing of it reached the server. */
  readonly retryable: boolean
  readonly statusCode: number
  readonly expose = false
  declare readonly outcome?: Outcome

  constructor(code: ErrorCode, message: string, details: Details = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.code = code
    this.retryable = details.retryable ?? false
    this.statusCode = details.statusCode ?? 503
    if (details.outcome) this.outcome = details.outcome
  }
}

/** An option that cannot be used: which one, what came (already masked), what is accepted. */
export function invalidOption(option: string, received: string, accepted: string): WarmpoolError {
  return new WarmpoolError('INVALID_OPTION', `${option}: received ${received}; accepted: ${accepted}`, {
    statusCode: 500,
  })
}

/** Notes on an error whether its statement had been sent. Callers that share a cause but not its outcome get a copy each. */
export function withOutcome<E extends Error>(error: E, outcome: Outcome): E & { outcome: Outcome } {
  const noted = error as E & { outcome?: Outcome }
  if (noted.outcome === undefined) return Object.assign(error, { outcome })
  if (noted.outcome === outcome) return noted as E & { outcome: Outcome }
  const copy = Object.create(Object.getPrototypeOf(error), Object.getOwnPropertyDescriptors(error))
  return Object.assign(copy, { outcome })
}
