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

/** An idle link's ages, milliseconds of wall clock: a freeze counts. */
export interface Ages {
  /** Since it was last known to work. */
  readonly idle: number
  /** Since it was opened. */
  readonly life: number
  /** Whether it went idle in the turn of the event loop that is still under way. */
  readonly sameTurn: boolean
}

/**
 * A turn is short, or the kernel may hear of a death while it lasts. Two readings of the clock that are microseconds apart can
 * differ by a tick. The clock alone will not do: a freeze, a kill and a thaw fit into a tick (seen, test/thaw.test.ts).
 */
export const SHORT_TURN = 1

/**
 * Judges an idle link. `probe` costs one turn of the event loop and finds what the kernel knows (FIN, RST); `ping` costs a
 * round trip and finds silent deaths too.
 */
export function freshness({ idle, life, sameTurn }: Ages, limits: FreshnessLimits): Verdict {
  if (life >= limits.maxLifetime) return 'replace'
  if (sameTurn && idle >= 0 && idle <= SHORT_TURN) return 'reuse'
  if (idle > limits.idleTimeout) return 'replace'
  if (idle > limits.validateAfter && limits.pingable) return 'ping'
  return 'probe'
}
