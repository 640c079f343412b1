import { vi } from 'vitest'
import { Events } from '../../../src/events.ts'
import { STATE, TRANSACTION } from '../../../src/policy/session.ts'
import { poolEnded } from '../../../src/slots/refusals.ts'
import { Slots } from '../../../src/slots/slots.ts'
import type { Left, World } from './commands.ts'
import type { EventLoop } from './event-loop.ts'
import { Ledger } from './ledger.ts'
import { pick } from './pick.ts'
import { CONNECT_TIMEOUT, SimulatedClaim } from './simulated-claim.ts'
import { type Outcome, SimulatedServer } from './simulated-server.ts'
import { type Rules, Watch } from './watch.ts'

/** Slots over links without sockets, in virtual time. */
export class SimulatedWorld implements World {
  readonly ledger = new Ledger<SimulatedClaim>()
  readonly server: SimulatedServer
  readonly slots: Slots
  readonly #loop: EventLoop
  readonly #watch: Watch
  #ended = false
  #lastClaim = 0

  constructor(loop: EventLoop, rules: Rules) {
    vi.spyOn(Math, 'random').mockReturnValue(0.5) // the jitter of lifetimes would keep a run from repeating
    this.#loop = loop
    this.server = new SimulatedServer(loop, rules.proxied, {
      opens: (until) => this.#watch.opens(this.slots.counts, until),
      refuses: (until) => this.#watch.refuses(until),
    })
    this.slots = new Slots({ ...rules, connectTimeout: CONNECT_TIMEOUT }, this.server, new Events())
    this.#watch = new Watch(rules, loop, this.server, this.ledger)
  }

  acquire(patience: number, owner: number): void {
    this.#ask(owner, patience, () => {})
  }

  /** One statement for each on a connection of its own, which goes back with the answer. */
  query(callers: number, patience: number, owner: number): void {
    const use = (claim: SimulatedClaim) =>
      claim.link?.query('SELECT', undefined, () => {
        this.ledger.gaveBack(claim)
        void this.slots.release(claim)
      })
    for (let caller = 0; caller < callers; caller++) this.#ask(owner, patience, use)
  }

  release(which: number, left: Left): void {
    const claim = pick(this.ledger.holding.keys(), which)
    if (!claim) return
    if (claim.link && left !== 'nothing') claim.link.effect |= left === 'state' ? STATE : TRANSACTION
    this.ledger.gaveBack(claim)
    void this.slots.release(claim)
  }

  /** A holder sends a statement, which the server has not answered yet. */
  submit(which: number): void {
    const link = pick(this.ledger.holding.keys(), which)?.link
    if (link && !link.busy) link.query('SELECT', undefined, () => {})
  }

  fail(which: number): void {
    this.submit(which)
    pick(this.ledger.holding.keys(), which)?.link?.answer()
  }

  evict(which: number): void {
    const claim = pick(this.ledger.holding.keys(), which)
    if (!claim) return
    this.ledger.gaveBack(claim)
    this.slots.evict(claim)
  }

  kill(which: number, silently = false): void {
    const link = pick(this.server.links, which)
    if (!link || link.killed) return
    if (!silently) this.#watch.killed(link, this.#lastClaim)
    link.kill(silently)
  }

  thaw(gap: number, victims: number): void {
    this.#loop.freeze(gap)
    ;[...this.server.links].forEach((link, at) => {
      if (!link.busy && victims & (1 << at)) this.kill(at)
    })
  }

  pass(time: number): Promise<void> {
    return this.#loop.pass(time)
  }

  connects(which: number, outcome: Outcome): void {
    const opening = pick(this.server.openings, which)
    if (opening && outcome === 'hopeless') this.#watch.hopeless = true
    opening?.(outcome)
  }

  /** A server answers what it owes; with `fatal` it closes instead. */
  answer(which: number, fatal: boolean): void {
    pick(
      [...this.server.links].filter((link) => link.owes),
      which,
    )?.answer(fatal)
  }

  turn(): Promise<void> {
    return this.#loop.turn()
  }

  abandon(which: number): void {
    const claim = pick(this.ledger.waiting, which)
    if (!claim) return
    this.ledger.gaveUp(claim)
    this.slots.abandon(claim)
  }

  retire(): void {
    this.#watch.retired()
    this.slots.retire()
  }

  end(): void {
    this.ledger.ended = true
    void this.slots.end().then(() => {
      this.#ended = true
      this.#watch.ended()
    })
  }

  stop(): void {
    this.#watch.stopped = true
    this.slots.stop()
  }

  async judge(): Promise<void> {
    await this.#loop.microtasks()
    this.#watch.judge(this.slots.counts)
  }

  /** Everybody gets what is owed to him, and then it must all be over. */
  async conclude(): Promise<void> {
    for (let round = 0; round < 200 && this.#unsettled; round++) await this.#help()
    if (this.ledger.waiting.size > 0) throw new Error(`${this.ledger.waiting.size} still wait`)
    if (!this.ledger.ended) this.end()
    for (let round = 0; round < 5; round++) await this.#help()
    if (!this.#ended) throw new Error('end() has not resolved')
    this.slots.acquire(
      new SimulatedClaim(
        0,
        0,
        () => this.#watch.report('a connection was granted after the end'),
        (_, error) => {
          if (error.message !== poolEnded().message) this.#watch.report(`refused with ${error.message}`)
        },
      ),
    )
    this.#watch.judge(this.slots.counts)
  }

  #ask(owner: number, patience: number, use: (claim: SimulatedClaim) => void): void {
    const granted = (claim: SimulatedClaim) => {
      this.#watch.granted(claim)
      use(claim)
    }
    const failed = (claim: SimulatedClaim, error: Error) => this.#watch.failed(claim, error)
    const claim = new SimulatedClaim(owner, patience, granted, failed)
    this.#lastClaim = claim.number
    this.#watch.asks(claim)
    this.slots.acquire(claim)
  }

  get #unsettled(): boolean {
    return this.ledger.waiting.size + this.ledger.holding.size > 0
  }

  async #help(): Promise<void> {
    for (const opening of [...this.server.openings]) opening('opens')
    for (const link of [...this.server.links]) if (link.owes) link.answer()
    for (const _ of [...this.ledger.holding]) this.release(0, 'nothing')
    await this.pass(600)
    await this.judge()
  }
}
