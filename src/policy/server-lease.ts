/** The longest a function can run, which is Lambda's limit: 900 s. */
const LONGEST_FUNCTION = 900_000
/** Longer than anything we keep a link for, so that the server never takes one that we would still use. */
const SLACK = 30_000

/**
 * For how long the server keeps a session that it hears nothing from, seconds: it outlives what we keep idle, and whatever an
 * invocation does between two statements.
 *
 * @param idleTimeout milliseconds
 * @param functionTimeout milliseconds; missing while unknown. What is longer than any comes from a clock that was set back
 */
export function leaseSeconds(idleTimeout: number, functionTimeout = LONGEST_FUNCTION): number {
  const longest = Math.min(functionTimeout, LONGEST_FUNCTION)
  return Math.ceil((Math.max(idleTimeout, longest) + SLACK) / 1000)
}

/**
 * How often to look at the links that are held, and how long one may have been quiet by then, milliseconds: what is almost due at
 * one look is pinged at the next, when a third of the lease is still left.
 *
 * @param lease milliseconds
 */
export function keepaliveEvery(lease: number): number {
  return Math.floor(lease / 3)
}
