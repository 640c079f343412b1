import { vi } from 'vitest'
import { WarmpoolError } from '../../../src/errors.ts'
import { CLEAN, TRANSACTION } from '../../../src/policy/session.ts'
import type { Slot, State } from '../../../src/slots/slot.ts'
import type { Slots } from '../../../src/slots/slots.ts'
import { States } from '../../../src/slots/states.ts'
import type { EventLoop } from './event-loop.ts'
import { Fairness } from './fairness.ts'
import type { Ledger } from './ledger.ts'
import { CONNECT_TIMEOUT, type SimulatedClaim } from './simulated-claim.ts'
import type { SimulatedLink } from './simulated-link.ts'
import type { SimulatedServer } from './simulated-server.ts'

/** Limits of one run. Times in milliseconds. */
export interface Rules {
  readonly connectionLimit: number
  readonly queueLimit: number
  readonly sessionReset: 'dirty' | 'always' | 'never'
  readonly idleTimeout: number
  readonly maxLifetime: number
  readonly validateAfter: number
  readonly validateTimeout: number
  readonly proxied: boolean
}

/** The arrows of the diagram in the design. */
const ARROWS: Record<State, readonly State[]> = {
  connecting: ['idle', 'closed'],
  idle: ['inUse', 'closing'],
  inUse: ['idle', 'resetting', 'closing'],
  resetting: ['idle', 'closing'],
  closing: ['closed'],
  closed: [],
}

/** How long a FIN may go unheard: within one turn of the loop, which is a clock tick at most. Milliseconds. */
const ONE_TURN = 1
/** What it may take to find out whether a link is too old: a ping, and a timer that is late. Milliseconds. */
const JUDGING = 1000

/** Sees what happens to slots and links, and remembers what must not. */
export class Watch {
  stopped = false
  /** It has just become clear that nobody can connect. */
  hopeless = false
  readonly #rules: Rules
  readonly #loop: EventLoop
  readonly #server: SimulatedServer
  readonly #ledger: Ledger<SimulatedClaim>
  readonly #violations: string[] = []
  readonly #idleSince = new WeakMap<SimulatedLink, number>()
  readonly #lent = new WeakSet<SimulatedLink>()
  readonly #retired = new WeakSet<SimulatedLink>()
  /** The last claim when a link was killed. */
  readonly #askedBefore = new WeakMap<SimulatedLink, number>()
  readonly #fairness: Fairness
  /** Who has no time left to connect, as has just become clear. */
  #tooLate: SimulatedClaim[] = []
  /** Who is older than somebody for whom nobody could connect. */
  #older: SimulatedClaim[] = []
  /** Wall clock of the last closing of a connection. */
  #closedAt = 0
  #states: States | undefined

  constructor(rules: Rules, loop: EventLoop, server: SimulatedServer, ledger: Ledger<SimulatedClaim>) {
    this.#rules = rules
    this.#loop = loop
    this.#server = server
    this.#ledger = ledger
    this.#fairness = new Fairness(ledger.waiting)
    this.#followStates()
  }

  report(violation: string): void {
    this.#violations.push(violation)
  }

  asks(claim: SimulatedClaim): void {
    this.#fairness.asks(claim)
    this.#ledger.asks(claim)
  }

  granted(claim: SimulatedClaim): void {
    const link = claim.link as SimulatedLink
    this.#try(() => this.#ledger.granted(claim, link.threadId))
    for (const wrong of this.#fairness.granted(claim)) this.report(`${claim.name} ${wrong}`)
    for (const wrong of this.#unfit(link, claim)) this.report(`${claim.name} got a link that ${wrong}`)
    if (claim.pending) this.report(`${claim.name} got a link, and is pending all the same`)
    if (this.stopped) this.report(`${claim.name} got a link after the stop`)
    link.fresh = false
    this.#lent.add(link)
  }

  failed(claim: SimulatedClaim, error: Error): void {
    if (claim.pending) this.report(`${claim.name} failed, and is pending all the same`)
    if (!this.#mayFail(claim, error)) this.report(`${claim.name} failed for no reason: ${error}`)
    this.#try(() => this.#ledger.failed(claim, error))
    if (this.#server.failedUntil === Number.POSITIVE_INFINITY && codeOf(error) === 'CONNECT_FAILED')
      this.#older.push(...this.#inLine.filter(({ number }) => number < claim.number))
  }

  /** So that it can be told by whoever asks from now on. */
  killed(link: SimulatedLink, lastClaim: number): void {
    this.#askedBefore.set(link, lastClaim)
  }

  /** @param until how long the attempt to connect may last: nobody waits for it longer than he has time to */
  opens(counts: Slots['counts'], until: number): void {
    if (counts.connecting > counts.waiting)
      this.report(`${counts.connecting} connect, where ${counts.waiting} wait`)
    for (const claim of this.#inLine)
      if (until > Math.max(claim.connectUntil, this.#closedAt + CONNECT_TIMEOUT))
        this.report(`an attempt to connect lasts longer than ${claim.name} has time`)
  }

  /** An attempt to connect has failed, which could have lasted so long. */
  refuses(until: number): void {
    this.#tooLate.push(...this.#inLine.filter((claim) => claim.connectUntil <= until))
  }

  /** When `end()` resolves, everything is over. */
  ended(): void {
    if (this.#server.sockets > 0) this.report(`${this.#server.sockets} sockets are left at the end`)
    if (this.#loop.timers > 0) this.report('a timer is left at the end')
  }

  retired(): void {
    for (const link of this.#server.links) this.#retired.add(link)
  }

  /** @throws when something has happened that must not, or is not as it must be */
  judge(counts: Slots['counts']): void {
    const { sockets } = this.#server
    if (sockets > counts.limit) this.report(`${sockets} sockets, where ${counts.limit} are allowed`)
    if (sockets > counts.total) this.report(`${sockets} sockets, of which ${counts.total} are counted`)
    if (this.stopped && this.#server.openings.size > 0) this.report('something connects after the stop')
    const { connecting, idle, waiting, total, limit } = counts
    if (waiting > 0 && (idle > 0 || (total < limit && connecting < waiting)))
      this.report(`${waiting} wait for nothing: ${idle} idle, ${connecting} connecting, ${total} in all`)
    if (this.hopeless && waiting > 0 && total === connecting) this.report(`${waiting} wait without hope`)
    this.hopeless = false
    for (const claim of this.#tooLate.splice(0))
      if (this.#ledger.waiting.has(claim)) this.report(`${claim.name} waits on without time to connect`)
    for (const claim of this.#older.splice(0))
      if (this.#ledger.waiting.has(claim)) this.report(`${claim.name} waits on where a younger one failed`)
    if (this.#loop.quiet)
      for (const claim of this.#ledger.waiting)
        if (claim.waitsUntil < this.#loop.now) this.report(`${claim.name} waits beyond its deadline`)
    if (this.#states) for (const wrong of miscounted(this.#states)) this.report(wrong)
    if (this.#violations.length > 0) throw new Error(this.#violations.join('\n'))
  }

  get #inLine(): SimulatedClaim[] {
    return [...this.#ledger.waiting].filter((claim) => claim.inLine)
  }

  *#unfit(link: SimulatedLink, claim: SimulatedClaim): Generator<string> {
    const { now } = this.#loop
    const since = this.#idleSince.get(link) ?? now
    const idle = now - since
    const { idleTimeout, maxLifetime, validateAfter, sessionReset, proxied } = this.#rules
    if (link.dead) yield 'is dead'
    if (link.busy) yield 'is busy'
    if (!link.admits) yield 'takes no commands'
    if (this.#retired.has(link)) yield 'was retired'
    if (!link.ours) yield 'was not set up'
    if (link.effect & (sessionReset === 'never' ? TRANSACTION : ~CLEAN)) yield 'is not clean'
    if (sessionReset === 'always' && !link.fresh) yield 'was not reset'
    if ((this.#askedBefore.get(link) ?? claim.number) < claim.number && idle > ONE_TURN)
      yield 'had been killed before it asked'
    if (idle > validateAfter && link.provenAt <= since && !proxied)
      yield `was idle for ${idle} ms unvalidated`
    if (idle > idleTimeout + JUDGING) yield `was idle for ${idle} ms`
    if (now - link.openedAt > maxLifetime + JUDGING) yield `is ${now - link.openedAt} ms old`
  }

  #mayFail(claim: SimulatedClaim, error: Error): boolean {
    const { now } = this.#loop
    if (!(error instanceof WarmpoolError)) return false
    switch (error.code) {
      case 'ACQUIRE_TIMEOUT':
        return now >= claim.until
      case 'POOL_QUEUE_FULL':
        return this.#rules.queueLimit > 0 && this.#ledger.waiting.size > this.#rules.queueLimit
      case 'POOL_ENDED':
        return this.#ledger.ended
      case 'CONNECT_FAILED':
        return now === this.#server.failedAt && claim.connectUntil <= this.#server.failedUntil
      default:
        return false
    }
  }

  #followStates(): void {
    const { move } = States.prototype
    const moved = (states: States, slot: Slot, from: State) => this.#moved(states, slot, from)
    vi.spyOn(States.prototype, 'move').mockImplementation(function (this: States, slot, to) {
      const from = slot.state
      move.call(this, slot, to)
      if (slot.state !== from) moved(this, slot, from)
    })
  }

  #moved(states: States, slot: Slot, from: State): void {
    this.#states = states
    if (!ARROWS[from].includes(slot.state)) this.report(`a slot went from ${from} to ${slot.state}`)
    const link = slot.link as SimulatedLink | undefined
    if (slot.state === 'closed' && link) this.#closedAt = this.#loop.now
    if (slot.state !== 'idle' || !link) return
    if (this.#lent.delete(link) || from === 'connecting') this.#idleSince.set(link, this.#loop.now)
  }

  #try(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.report((error as Error).message)
    }
  }
}

function codeOf(error: Error): string | undefined {
  return error instanceof WarmpoolError ? error.code : undefined
}

function* miscounted(states: States): Generator<string> {
  const slots = [...states.slots]
  for (const [state, count] of Object.entries(states.counts)) {
    const actual = slots.filter((slot) => slot.state === state).length
    if (state !== 'closed' && actual !== count) yield `${actual} are ${state}, ${count} counted`
  }
  const idle = slots.filter((slot) => slot.state === 'idle')
  if (idle.length !== states.idle.length || idle.some((slot) => !states.idle.includes(slot)))
    yield `idle are ${idle.length}, listed ${states.idle.length}`
}
