import fc from 'fast-check'
import type { Ledger } from './ledger.ts'

/** What a user leaves behind in the session when giving a connection back. */
export type Left = 'nothing' | 'transaction' | 'state'

/** Connections and their users, simulated or real. Numbers say which one of those there are. */
export interface World {
  readonly ledger: Ledger
  /** Somebody asks for a connection to keep, and waits as long as this, milliseconds. */
  acquire(patience: number): void
  /** Some ask at once, each for the time of one statement. */
  query(callers: number, patience: number): void
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

export const which = fc.nat({ max: 7 })
export const somebodyHolds = (ledger: Ledger) => ledger.holding.size > 0
const somebodyWaits = (ledger: Ledger) => ledger.waiting.size > 0

/** The steps that both worlds know, with how often each is taken. */
export function commonSteps<W extends World>(): fc.WeightedArbitrary<Step<W>>[] {
  const patience = fc.constantFrom(20, 400, 20_000, Number.POSITIVE_INFINITY)
  const callers = fc.integer({ min: 1, max: 4 })
  const left = fc.constantFrom<Left>('nothing', 'nothing', 'transaction', 'state')
  const gap = fc.constantFrom(1_000, 20_000, 70_000)
  const time = fc.constantFrom(0, 1, 50, 500, 1_100)
  const step = (label: string, act: (world: W) => unknown, possible?: (ledger: Ledger) => boolean) =>
    new Step<W>(label, act, possible)
  return [
    often(
      8,
      patience.map((ms) => step(`acquire(${ms})`, (world) => world.acquire(ms))),
    ),
    often(
      12,
      fc.tuple(callers, patience).map(([n, ms]) => step(`query(${n}, ${ms})`, (world) => world.query(n, ms))),
    ),
    often(
      10,
      fc
        .tuple(which, left)
        .map(([n, what]) =>
          step(`release(${n}, '${what}')`, (world) => world.release(n, what), somebodyHolds),
        ),
    ),
    often(
      2,
      which.map((n) => step(`fail(${n})`, (world) => world.fail(n), somebodyHolds)),
    ),
    often(
      4,
      which.map((n) => step(`kill(${n})`, (world) => world.kill(n))),
    ),
    often(
      6,
      fc.tuple(gap, which).map(([ms, n]) => step(`thaw(${ms}, ${n})`, (world) => world.thaw(ms, n))),
    ),
    often(
      6,
      time.map((ms) => step(`pass(${ms})`, (world) => world.pass(ms))),
    ),
    often(
      4,
      which.map((n) => step(`abandon(${n})`, (world) => world.abandon(n), somebodyWaits)),
    ),
    often(
      1,
      fc.constant(
        step(
          'end()',
          (world) => world.end(),
          (ledger) => !ledger.ended,
        ),
      ),
    ),
  ]
}

export function often<T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.WeightedArbitrary<T> {
  return { weight, arbitrary }
}
