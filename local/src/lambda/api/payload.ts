import type { InvocationError } from '../invocation-error.ts'

/** Lambda passes on whatever the runtime posts, JSON or not. */
export function parsePayload(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

/** What the runtime says of an error, as far as it says it. */
export function parseError(body: string): InvocationError {
  const parsed = parsePayload(body)
  const error: Partial<InvocationError> =
    typeof parsed === 'object' && parsed ? parsed : { errorMessage: String(parsed) }
  return { ...error, errorType: error.errorType ?? 'Unknown', errorMessage: error.errorMessage ?? '' }
}
