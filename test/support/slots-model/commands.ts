import fc from 'fast-check'
import type { Ledger } from './ledger.ts'

/** What a user leaves behind in the session when giving a connection back. */
export type Left = 'nothing' | 'transaction' | 'state'

/** Connections and their users, simulated or real. Numbers say which one of those there are. */
export interface World {
  readonly ledger: Ledger
  /** Somebody of this owner asks for a connection to keep, and waits as long as this, milliseconds. */
  acquire(patience: number, owner: number): void
  /** Some of this owner ask at once, each for the time of one statement. */
  query(callers: number, patience: number, owner: number): void
  /** A holder gives its connection back. */
  release(which: number, left: Left): void
  /** The server answers a holder's statement with an error. */
  fail(which: number): void
  /** The server's side of a connection dies. */
  kill(which: number): void
  /** Stands still for milliseconds; the idle connections that `victims` (bits) names die meanwhile. */
  thaw(gap: number, victims: number): void
  /** Milliseconds go by. */
  pass(time: number): Promise<void>
  /** Somebody who waits does not want any more. */
  abandon(which: number): void
  end(): void
  /** Lets what follows at once happen. @throws when something is not as it must be */
  judge(): Promise<void>
}

/** One step of a random run. */
export class Step<W extends World> implements fc.AsyncCommand<Ledger, W> {
  readonly #label: string
  readonly #act: (world: W) => unknown
  readonly #possible: (ledger: Ledger) => boolean

  constructor(label: string, act: (world: W) => unknown, possible: (ledger: Ledger) => boolean = () => true) {
    this.#label = label
    this.#act = act
    this.#possible = possible
  }

  check(ledger: Readonly<Ledger>): boolean {
    return this.#possible(ledger)
  }

  async run(_: Ledger, world: W): Promise<void> {
    await this.#act(world)
    await world.judge()
  }

  toString(): string {
    return this.#label
  }
}

/**
 * @param weight how often it is taken, beside others
 * @param possible when it can be taken at all
 */
export function step<W extends World, A extends unknown[]>(
  weight: number,
  name: string,
  choices: fc.Arbitrary<A>,
  act: (world: W, ...chosen: A) => unknown,
  possible?: (ledger: Ledger) => boolean,
): fc.WeightedArbitrary<Step<W>> {
  const label = (chosen: A) => `${name}(${chosen.join(', ')})`
  const taken = (chosen: A) => new Step<W>(label(chosen), (world) => act(world, ...chosen), possible)
  return { weight, arbitrary: choices.map(taken) }
}

export const nothing = fc.tuple()
export const which = fc.nat({ max: 7 })
export const somebodyHolds = (ledger: Ledger) => ledger.holding.size > 0
const somebodyWaits = (ledger: Ledger) => ledger.waiting.size > 0
const notEnded = (ledger: Ledger) => !ledger.ended

const callers = fc.integer({ min: 1, max: 4 })
const owner = fc.nat({ max: 2 })
const patience = fc.constantFrom(20, 400, 20_000, Number.POSITIVE_INFINITY)
const left = fc.constantFrom<Left>('nothing', 'nothing', 'transaction', 'state')
const gap = fc.constantFrom(1_000, 20_000, 70_000)
const time = fc.constantFrom(0, 1, 50, 500, 1_100)

/** The steps that both worlds know. */
export function commonSteps<W extends World>(): fc.WeightedArbitrary<Step<W>>[] {
  return [
    step(8, 'acquire', fc.tuple(patience, owner), (world, ms, whose) => world.acquire(ms, whose)),
    step(12, 'query', fc.tuple(callers, patience, owner), (world, n, ms, whose) => world.query(n, ms, whose)),
    step(10, 'release', fc.tuple(which, left), (world, n, what) => world.release(n, what), somebodyHolds),
    step(2, 'fail', fc.tuple(which), (world, n) => world.fail(n), somebodyHolds),
    step(4, 'kill', fc.tuple(which), (world, n) => world.kill(n)),
    step(6, 'thaw', fc.tuple(gap, which), (world, ms, victims) => world.thaw(ms, victims)),
    step(6, 'pass', fc.tuple(time), (world, ms) => world.pass(ms)),
    step(4, 'abandon', fc.tuple(which), (world, n) => world.abandon(n), somebodyWaits),
    step(1, 'end', nothing, (world) => world.end(), notEnded),
  ]
}
