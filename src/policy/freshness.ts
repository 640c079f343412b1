/** What to do with an idle connection before it is handed out. */
export type Verdict = 'reuse' | 'probe' | 'ping' | 'replace'

/** Milliseconds. */
export interface FreshnessLimits {
  readonly validateAfter: number
  readonly idleTimeout: number
  /** With this link's own jitter already taken off. */
  readonly maxLifetime: number
  /** RDS Proxy answers a ping itself and counts it as use, so a ping there proves nothing. */
  readonly pingable: boolean
}

/**
 * Idle time up to which the event loop cannot have missed a FIN that the kernel already had: the link went idle in this
 * turn of the loop or the last. One clock tick of 1 ms can pass between two reads that are microseconds apart.
 */
const SAME_TURN = 1

/**
 * Judges an idle link. `probe` costs one turn of the event loop and finds what the kernel knows (FIN, RST); `ping` costs a
 * round trip and finds silent deaths too.
 *
 * @param idle milliseconds of wall clock since it was last known to work: a freeze counts
 * @param life milliseconds since it was opened
 */
export function freshness(idle: number, life: number, limits: FreshnessLimits): Verdict {
  if (idle > limits.idleTimeout || life >= limits.maxLifetime) return 'replace'
  if (idle >= 0 && idle <= SAME_TURN) return 'reuse'
  if (idle > limits.validateAfter && limits.pingable) return 'ping'
  return 'probe'
}
