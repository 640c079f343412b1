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
  /** Since it was used. */
  readonly idle: number
  /** Since the server was asked for what it has answered last: it worked after that, but perhaps not for long. */
  readonly unproven: number
  /** Since it was opened. */
  readonly life: number
  /** Whether it went idle in the turn of the event loop that is still under way. */
  readonly sameTurn: boolean
}

/**
 * An answer proves that the connection works now if it came soon. It may have lain in the kernel for as long as the process
 * slept, and a timer that is later than this is not believed either (clock.ts).
 */
const SOON = 100

/**
 * A turn is short, or the kernel may hear of a death while it lasts. Two readings of the clock that are microseconds apart can
 * differ by a tick. The clock alone will not do: a freeze, a kill and a thaw fit into a tick (seen, test/thaw.test.ts).
 */
export const SHORT_TURN = 1

/**
 * Judges an idle link. `probe` costs one turn of the event loop and finds what the kernel knows (FIN, RST); `ping` costs a
 * round trip and finds silent deaths too.
 */
export function freshness({ idle, unproven, life, sameTurn }: Ages, limits: FreshnessLimits): Verdict {
  const justUsed = sameTurn && idle >= 0 && idle <= SHORT_TURN
  if (life >= limits.maxLifetime || (!justUsed && idle > limits.idleTimeout)) return 'replace'
  if (justUsed && unproven <= Math.max(limits.validateAfter, SOON)) return 'reuse'
  if (unproven > limits.validateAfter && limits.pingable) return 'ping'
  return 'probe'
}
