import type { Context } from 'aws-lambda'

let calls = 0

/** Lambda's context for one invocation. @param timeout milliseconds that are left */
export function contextFor(timeout = 3000, awsRequestId = `request-${++calls}`): Context {
  const end = Date.now() + timeout
  return { awsRequestId, getRemainingTimeInMillis: () => end - Date.now() } as Context
}
