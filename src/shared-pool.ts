import { alarmAt, clock } from './clock.ts'
import { Connector } from './connector.ts'
import { Events } from './events.ts'
import { Scope } from './invocation/scope.ts'
import { threadsHere } from './options/threads.ts'
import type { Settings } from './options.ts'
import { type Share, shareOf, unevenShare } from './policy/threads.ts'
import { Slots } from './slots/slots.ts'
import type { PoolStats } from './stats.ts'

/** How long `end()` lets submitted work finish, milliseconds. */
const END_PATIENCE = 5000

/** What all handles on one target share: its connections, its invocations, its events. */
export class SharedPool {
  readonly settings: Settings
  readonly events = new Events()
  readonly scope: Scope
  readonly #share: Share
  readonly #slots: Slots
  readonly #whenOver: () => void
  #handles = 0
  #ending: Promise<void> | undefined

  constructor(settings: Settings, whenOver: () => void) {
    this.settings = settings
    this.#whenOver = whenOver
    this.#share = this.#shareHere()
    const limits = { ...settings, connectionLimit: this.#share.limit }
    this.#slots = new Slots(limits, new Connector(settings), this.events)
    this.scope = new Scope(this.#slots, settings, this.events)
  }

  stats(): PoolStats {
    const { closed: _, ...counts } = this.#slots.counts
    return { ...counts, containerLimit: this.#share.containerLimit, leaks: this.events.leaks }
  }

  retain(): void {
    this.#handles++
  }

  /** The last handle's end is the pool's. */
  async release(timeout = END_PATIENCE): Promise<void> {
    if (--this.#handles > 0) return
    this.#whenOver()
    this.#ending ??= this.#end(timeout)
    await this.#ending
  }

  /** This thread's part of the bound. */
  #shareHere(): Share {
    const { connectionLimit } = this.settings
    const { count, first } = threadsHere()
    const uneven = first && unevenShare(connectionLimit, count)
    // A turn later, when whoever made the pool can have begun to listen.
    if (uneven) process.nextTick(() => this.events.tellOnce('threads', uneven))
    return shareOf(connectionLimit, count)
  }

  async #end(timeout: number): Promise<void> {
    const alarm = alarmAt(clock.now() + timeout, () => this.#slots.stop())
    await this.#slots.end()
    alarm.clear()
    this.scope.disarm()
  }
}
