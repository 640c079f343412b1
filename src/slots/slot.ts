import type { Link } from '../link.ts'
import type { FreshnessLimits } from '../policy/freshness.ts'
import type { Claim } from './claim.ts'

export type State = 'connecting' | 'idle' | 'inUse' | 'resetting' | 'closing' | 'closed'

/** One place of the bound. It is in exactly one state, and only `Slots` moves it. */
export class Slot {
  state: State = 'connecting'
  /** Missing while connecting. */
  link: Link | undefined
  /** Who has it. */
  holder: Claim | undefined
  /** Not to be used again once it is given back. */
  retired = false
  /** Wall clock, milliseconds. */
  openedAt = 0
  idleSince = 0
  readonly limits: FreshnessLimits
  /** Gives up connecting. */
  readonly abort = new AbortController()

  /** A fleet that started together must not reconnect together: each lives up to 10 % less than `maxLifetime`. */
  constructor(limits: FreshnessLimits) {
    this.limits = { ...limits, maxLifetime: limits.maxLifetime * (1 - Math.random() / 10) }
  }
}
