import type { Settings } from './options.ts'
import { leaseSeconds } from './policy/server-lease.ts'

/** The `wait_timeout` of our sessions, by which the server cleans up after a container that is gone. */
export class ServerLease {
  readonly #idleTimeout: number
  readonly #own: number | undefined
  /** Milliseconds. */
  #functionTimeout: number | undefined

  constructor({ idleTimeout, session }: Pick<Settings, 'idleTimeout' | 'session'>) {
    this.#idleTimeout = idleTimeout
    this.#own = ownSeconds(session)
  }

  /** @param remaining milliseconds that an invocation has at its start: the most there ever was is the function's timeout */
  starts(remaining: number): void {
    if (Number.isFinite(remaining)) this.#functionTimeout = Math.max(remaining, this.#functionTimeout ?? 0)
  }

  /** What we ask for. */
  get seconds(): number {
    return leaseSeconds(this.#idleTimeout, this.#functionTimeout)
  }

  /** What is in force, milliseconds: the user's own stands behind ours in the SET, and wins. */
  get inForce(): number {
    return (this.#own ?? this.seconds) * 1000
  }
}

/** The server takes variables' names in any case, the last of two, and less than a second as one. */
function ownSeconds(session: Settings['session']): number | undefined {
  const given = Object.entries(session).findLast(([name]) => name.toLowerCase() === 'wait_timeout')
  const seconds = Number(given?.[1])
  return Number.isFinite(seconds) ? Math.max(1, seconds) : undefined
}
