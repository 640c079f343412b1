import { type ErrorCode, WarmpoolError } from '../errors.ts'

/** Why something was stopped, or given up. */
export interface Reason {
  readonly code: ErrorCode
  /** The beginning of a sentence. */
  readonly why: string
  readonly cause?: unknown
}

/** @param incident what was met, as the rest of the sentence */
export function errorOf({ code, why, cause }: Reason, incident: string): WarmpoolError {
  return new WarmpoolError(code, `${why}: ${incident}`, { statusCode: statusOf(code), cause })
}

function statusOf(code: ErrorCode): number {
  return code === 'DEADLINE_EXCEEDED' ? 504 : 503
}
