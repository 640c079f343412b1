import { type Alarm, alarmAt, clock } from './clock.ts'
import { Connector } from './connector.ts'
import { Events } from './events.ts'
import { TOLD_AT_MOST } from './invocation/invocation.ts'
import { Lease } from './invocation/lease.ts'
import type { Reason } from './invocation/reason.ts'
import { Scope } from './invocation/scope.ts'
import { type Living, livingPools } from './living-pools.ts'
import { prewarmsHere } from './options/prewarm.ts'
import { threadsHere } from './options/threads.ts'
import type { Settings } from './options.ts'
import { type Share, shareOf, unevenShare } from './policy/threads.ts'
import { ServerLease } from './server-lease.ts'
import { endOnSignals, ignoreSignals } from './signals.ts'
import { Slots } from './slots/slots.ts'
import { STOP_PATIENCE } from './slots/stopper.ts'
import type { PoolStats } from './stats.ts'

/** How long `end()` lets submitted work finish, milliseconds. */
const END_PATIENCE = 5000

/** What all handles on one target share: its connections, its invocations, its events. */
export class SharedPool implements Living {
  readonly settings: Settings
  readonly events = new Events()
  readonly scope: Scope
  readonly #share: Share
  readonly #slots: Slots
  readonly #whenOver: () => void
  #handles = 0
  #ending: Promise<void> | undefined
  /** Wall clock past which what still runs is stopped, milliseconds. */
  #stopAt = Number.POSITIVE_INFINITY
  #stopAlarm: Alarm | undefined

  constructor(settings: Settings, whenOver: () => void) {
    this.settings = settings
    this.#whenOver = whenOver
    this.#share = this.#shareHere()
    const limits = { ...settings, connectionLimit: this.#share.limit }
    const lease = new ServerLease(settings)
    const tell = (doubt: string) => this.events.tellOnce(doubt, doubt)
    this.#slots = new Slots(limits, new Connector(settings, lease, tell), this.events)
    this.scope = new Scope(this.#slots, settings, this.events, lease)
    livingPools().add(this)
    if (prewarmsHere(settings)) this.#slots.prewarm()
    if (settings.shutdown === 'signals') endOnSignals(this)
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
    if (--this.#handles > 0) return this.#ending
    return this.end(timeout)
  }

  /** Ends it, whatever handles there are. Asked again while it ends, the earliest time counts. */
  end(timeout = END_PATIENCE, dying = false): Promise<void> {
    this.#whenOver()
    this.#ending ??= this.#end(dying)
    const stopAt = clock.now() + timeout
    if (stopAt < this.#stopAt) {
      this.#stopAlarm?.clear()
      this.#stopAt = stopAt
      this.#stopAlarm = alarmAt(stopAt, () => this.#stop(timeout))
    }
    return this.#ending
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

  async #end(dying: boolean): Promise<void> {
    await this.#slots.end(dying)
    this.#stopAt = 0 // there is nothing left to be stopped
    this.#stopAlarm?.clear()
    this.scope.disarm()
    livingPools().delete(this)
    ignoreSignals(this)
  }

  /** As at an invocation's deadline: the server is told to stop what runs, and callers learn what became of it. */
  #stop(timeout: number): void {
    const reason: Reason = {
      code: 'POOL_ENDED',
      why: `the pool has ended, ${timeout > 0 ? `and its timeout of ${timeout} ms was over` : 'without waiting'}`,
    }
    const met: string[] = []
    this.#slots.stop((holder) => {
      if (!(holder instanceof Lease) || !holder.slot) return
      const incident = holder.owner.incident(holder)
      met.push(incident)
      holder.owner.halt(holder, reason, incident, STOP_PATIENCE)
    })
    if (met.length > 0)
      this.events.tell(`POOL_ENDED: ${reason.why}: ${met.slice(0, TOLD_AT_MOST).join('; ')}`)
  }
}
