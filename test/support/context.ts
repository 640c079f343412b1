import type { Context } from 'aws-lambda'
import type { Database } from '../../src/index.ts'

let calls = 0

/**
 * Lambda's context for one invocation. `db` is in its type because middy's types want what a middleware adds already from
 * the caller; it is not there yet.
 *
 * @param timeout milliseconds that are left
 */
export function contextFor(timeout = 3000, awsRequestId = `request-${++calls}`): Context & { db: Database } {
  const end = Date.now() + timeout
  return { awsRequestId, getRemainingTimeInMillis: () => end - Date.now() } as Context & { db: Database }
}
