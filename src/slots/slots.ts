import { clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Link } from '../link.ts'
import type { Verdict } from '../policy/freshness.ts'
import type { Stopped } from '../wire.ts'
import type { Claim } from './claim.ts'
import { cleanupFor } from './cleaning.ts'
import { closeNow } from './closing.ts'
import { Keepalive } from './keepalive.ts'
import type { Limits } from './limits.ts'
import type { Opener } from './opener.ts'
import { acquireTimeout, poolEnded, queueFull, situation } from './refusals.ts'
import type { Holder, Slot } from './slot.ts'
import { States } from './states.ts'
import { Stopper } from './stopper.ts'
import { awaitTimeUp } from './time-up.ts'
import { Turns } from './turns.ts'
import { Upkeep } from './upkeep.ts'
import { validate } from './validating.ts'

/** The container's connections: the bound, who has which, who waits. {@link States.move} alone changes a slot's state. */
export class Slots {
  readonly #limits: Limits
  readonly opener: Opener
  readonly #events: Events
  readonly #line = new Turns<Claim>()
  readonly #states: States
  readonly #stopper: Stopper
  readonly #upkeep: Upkeep
  /** Claims that are not in line because a connection is being validated for them. */
  #validating = 0
  #whenEnded: (() => void) | undefined
  #stopped = false
  #dying = false

  constructor(limits: Limits, opener: Opener, events: Events) {
    this.#limits = limits
    this.opener = opener
    this.#events = events
    this.#states = new States(new Keepalive(opener))
    const free = (slot: Slot) => this.#free(slot)
    this.#stopper = new Stopper(opener, this.#states, free, () => this.#finish())
    this.#upkeep = new Upkeep(limits, opener, events, this.#states, this.#stopper, {
      free,
      checked: (slot) => this.#shelve(slot),
      failed: (until, error) => this.#failed(until, error),
      closed: () => this.#serve(),
    })
  }

  get counts() {
    return {
      limit: this.#limits.connectionLimit,
      ...this.#states.counts,
      total: this.#states.slots.size,
      waiting: this.#line.length,
      opened: this.#upkeep.opened,
      control: this.#stopper.control,
      orphaned: this.#stopper.orphaned,
    }
  }

  /** Opens a connection that nobody waits for yet. Who asks meanwhile shares it, or hears why there is none. */
  prewarm(): void {
    this.#upkeep.open(clock.now() + this.#limits.connectTimeout)
  }

  /** Grants the claim a clean, living connection, at once where there is one, or fails it. */
  acquire(claim: Claim): void {
    if (this.#whenEnded) return this.#dying ? undefined : this.#fail(claim, poolEnded())
    const { slots, idle } = this.#states
    const newest = idle.at(-1)
    const now = clock.now()
    const verdict = this.#line.length === 0 ? newest?.judge(now) : undefined
    if (newest && verdict === 'reuse') return this.#grant(newest, claim)
    const places = this.#limits.connectionLimit - slots.size + idle.length + this.#upkeep.checking
    const ahead = this.#line.length - this.#states.counts.connecting
    if (this.#limits.queueLimit > 0 && places <= 0 && ahead >= this.#limits.queueLimit)
      return this.#fail(claim, queueFull(claim, ahead))
    claim.since = now
    awaitTimeUp(claim, () => this.#fail(claim, acquireTimeout(claim, this.situation(claim))))
    this.#line.join(claim)
    if (places <= 0) this.#events.emit('enqueue')
    this.#serve(verdict)
  }

  /** Takes a claim that still waits out of the line. A connection on the way for it goes to the others. */
  abandon(claim: Claim): void {
    claim.alarm?.clear()
    claim.pending = false
    this.#line.leave(claim)
    this.#finish()
  }

  /** Takes a connection back. The promise, if there is one, resolves when it is clean again or gone. */
  release(claim: Claim): Promise<void> | undefined {
    const { slot } = claim
    claim.slot = undefined
    if (slot?.holder !== claim) return undefined
    slot.holder = undefined
    if (slot.state !== 'inUse') return undefined
    const link = slot.link as Link
    link.readmit()
    this.#events.emitThread('release', link.threadId)
    const cleanup = slot.retired ? 'evict' : cleanupFor(link, this.#limits.sessionReset, this.opener.proxied)
    if (cleanup === 'none' && !link.busy) return this.#free(slot)
    if (cleanup === 'evict' && !link.busy) return this.#upkeep.quit(slot)
    return this.#upkeep.clean(slot, link, claim.deadline)
  }

  /** Gives a connection up: its socket is closed at once, and what was in flight settles as lost. */
  evict(claim: Claim, error?: Error): void {
    const { slot } = claim
    claim.slot = undefined
    if (slot?.holder !== claim) return
    slot.holder = undefined
    if (slot.link?.busy) this.#stopper.orphaned++
    slot.link?.destroy(error)
  }

  /** Has what a claim's connection runs stopped on the server, then closes it. Resolves when that is done, about at `until`. */
  async halt(claim: Claim, until: number, refusal: Error, stopped: Stopped): Promise<void> {
    const { slot } = claim
    claim.slot = undefined
    if (slot?.holder !== claim) return
    const link = slot.link as Link
    link.stop(refusal, stopped)
    if (link.busy) await this.#stopper.stop(link, until)
    slot.holder = undefined
    link.destroy()
  }

  /** No connection of now is used again: the server behind them is not the one they were opened for. */
  retire(): void {
    this.opener.doubtWriter()
    for (const slot of this.#states.slots) slot.retired = true // those that are opening, too
    for (const slot of [...this.#states.idle]) this.#upkeep.quit(slot)
  }

  /** Closes what has not been needed for a while, but keeps one. For an invocation's end. */
  trim(): void {
    for (const slot of this.#states.surplus) this.#upkeep.quit(slot)
  }

  /** Refuses new claims, or lets them wait for the end of a dying process; serves those in line; closes the rest. Resolves with the last socket. */
  end(dying = false): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#whenEnded = resolve
    this.#dying = dying
    this.#serve()
    return promise
  }

  /** Ends without waiting for anybody. @param halt has stopped on the server what a holder runs, where that is wanted */
  stop(halt: (holder: Holder) => void = () => {}): void {
    this.#stopped = true
    for (let claim = this.#line.first; claim; claim = this.#line.first) this.#fail(claim, poolEnded())
    for (const holder of this.#states.holders) halt(holder)
    for (const slot of [...this.#states.slots]) closeNow(slot, this.#stopper)
  }

  situation(claim: Claim): string {
    return situation(claim, this.#line.ahead(claim), this.#states, this.#limits.connectionLimit)
  }

  /** Brings those in line and the connections together. @param known of the newest idle connection, just now */
  #serve(known?: Verdict): void {
    for (let claim = this.#line.first; claim; claim = this.#line.first) {
      const slot = this.#states.idle.at(-1)
      if (!slot) break
      const verdict = known ?? slot.judge()
      known = undefined
      if (verdict === 'replace') this.#upkeep.quit(slot)
      else if (verdict === 'reuse') this.#grant(slot, claim)
      else this.#validate(slot, claim, verdict)
    }
    const { counts, slots } = this.#states
    while (counts.connecting < this.#line.length && slots.size < this.#limits.connectionLimit)
      this.#upkeep.open((this.#line.oldest as Claim).connectUntil)
    this.#finish()
  }

  #grant(slot: Slot, claim: Claim): void {
    claim.alarm?.clear()
    claim.pending = false
    this.#line.serve(claim)
    this.#states.move(slot, 'inUse')
    slot.holder = claim
    claim.slot = slot
    slot.retired ||= (slot.link as Link).provisional
    if (claim.held) this.#states.keepalive.hold(slot.link as Link)
    this.#events.emitThread('acquire', (slot.link as Link).threadId)
    claim.granted(slot)
  }

  /** Nobody else gets the link meanwhile. Then the claim has its place in the line back, and the first has what is alive. */
  #validate(slot: Slot, claim: Claim, by: 'probe' | 'ping'): void {
    this.#states.move(slot, 'inUse')
    this.#line.stepAside(claim)
    this.#validating++
    if (by === 'ping') this.#upkeep.inspect() // the container has slept: what is true of one may be true of all
    validate(slot, by, this.#limits.validateTimeout, (answered) => {
      this.#validating--
      if (claim.pending && this.#stopped) this.#fail(claim, poolEnded())
      if (claim.pending) this.#line.putBack(claim)
      const { first } = this.#line
      // A turn of the loop proves nothing to whoever asked after it had begun.
      const askedBefore = first && (by === 'ping' || first.place <= claim.place)
      if (claim.pending && askedBefore && slot.passed(answered)) this.#grant(slot, first)
      else if (slot.state === 'inUse') this.#shelve(slot)
      this.#serve()
    })
  }

  /** Fails those whose time to connect is over; where trying again would not help, the oldest, or all if nothing else can serve. */
  #failed(until: number, error: Error): void {
    const hopeless = !(error instanceof WarmpoolError && error.retryable)
    const concerned = hopeless && this.#states.anyOpen ? [this.#line.oldest] : [...this.#line]
    for (const claim of concerned)
      if (claim?.inLine && (hopeless || claim.connectUntil <= until)) this.#fail(claim, error)
    this.#serve()
  }

  #fail(claim: Claim, error: Error): void {
    this.abandon(claim)
    claim.failed(error)
  }

  #free(slot: Slot): undefined {
    slot.rest()
    return this.#shelve(slot)
  }

  #shelve(slot: Slot): undefined {
    this.#states.move(slot, 'idle')
    if (slot.retired) this.#upkeep.quit(slot)
    if (this.#line.length > 0 || this.#whenEnded) this.#serve()
    return undefined
  }

  #finish(): void {
    if (!this.#whenEnded || this.#line.length > 0 || this.#validating > 0) return
    for (const slot of [...this.#states.idle]) this.#upkeep.quit(slot)
    for (const slot of this.#states.slots) if (slot.state === 'connecting') slot.abort.abort() // for nobody
    if (this.#states.slots.size === 0 && this.#stopper.control === 0) this.#whenEnded()
  }
}
