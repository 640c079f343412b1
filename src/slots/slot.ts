import { clock } from '../clock.ts'
import type { Progress } from '../connector.ts'
import type { Link } from '../link.ts'
import { type FreshnessLimits, freshness, SHORT_TURN, type Verdict } from '../policy/freshness.ts'

/** Who has a connection, for the messages of those who wait for it. */
export interface Holder {
  /** Whose it is: claims of one owner know of each other in messages. */
  readonly owner: object
  /** What it is. */
  describe(): string
  /** Where in the program it was asked for, as far as that is known. */
  readonly where?: string
}

export type State = 'connecting' | 'idle' | 'inUse' | 'resetting' | 'closing' | 'closed'

/** One place of the bound. It is in exactly one state, which only {@link States} changes. */
export class Slot {
  state: State = 'connecting'
  /** Missing while connecting. */
  link: Link | undefined
  /** Who has it. */
  holder: Holder | undefined
  /** Not to be used again once it is given back. */
  retired = false
  /** Since when nobody has used it; by the clock, milliseconds. */
  idleSince = 0
  /** When the server was asked for what it has answered last. */
  #askedAt = 0
  #idleTurn = -1
  /** Of the connecting. */
  readonly progress: Progress = { to: 'the database', attempt: 1 }
  /** Gives up connecting. */
  readonly abort = new AbortController()
  #openedAt = 0
  #limits: FreshnessLimits | undefined

  /** A fleet that started together must not reconnect together: each lives up to 10 % less than `maxLifetime`. */
  arrived(link: Link, limits: FreshnessLimits): void {
    this.link = link
    this.#openedAt = clock.now()
    this.#limits = { ...limits, maxLifetime: limits.maxLifetime * (1 - Math.random() / 10) }
  }

  /** From now on its idle age counts. */
  rest(): void {
    this.idleSince = clock.now()
    this.#askedAt = this.link?.lastStart ?? 0
    this.#idleTurn = clock.turn()
  }

  /** @param at when the server was asked; it has answered */
  proved(at: number): void {
    this.#askedAt = Math.max(this.#askedAt, at)
  }

  /** Whether a validation was enough. What was when it began need not be so any more: a freeze may lie in between. */
  passed(answered: boolean): boolean {
    if (this.state !== 'inUse' || this.retired) return false
    const verdict = this.judge()
    return verdict !== 'replace' && (answered || verdict !== 'ping')
  }

  /** @param now by the clock: reading it is a good part of the cost */
  judge(now: number = clock.now()): Verdict {
    const idle = now - this.idleSince
    // To ask which turn it is costs as much as all the rest.
    const sameTurn = idle <= SHORT_TURN && this.#idleTurn === clock.turn()
    const ages = { idle, unproven: now - this.#askedAt, life: now - this.#openedAt, sameTurn }
    return freshness(ages, this.#limits as FreshnessLimits)
  }
}
