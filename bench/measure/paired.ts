import type { ContestantName } from '../contestants/titles.ts'
import type { Block, Cost } from './block.ts'
import { MEASURED } from './cpu.ts'
import { type Figure, figure, median, type Unit } from './figure.ts'
import { PinnedProcess } from './pinned-process.ts'

/** One block of each contestant, run right after each other. */
type Round = ReadonlyMap<ContestantName, Cost>

export interface Plan {
  readonly contestants: readonly ContestantName[]
  readonly url: string
  readonly block: Block
  /** Called before each warm-up and each measurement. */
  readonly next?: (phase: 'warm-up' | 'measurement') => Promise<unknown>
}

/** Fresh processes so often: each process has its own luck with the JIT and with memory, which more blocks would not even out. */
const SETS = 9
const ROUNDS = 5
/** Until the JIT has settled, or patience is over. */
const WARM_UP: Block = { milliseconds: 3000, atMost: 10_000 }

/** Measures contestants in turns, in a random order each time, so that what else the machine does falls on all of them. */
export async function compare(plan: Plan): Promise<Comparison> {
  const sets: Round[][] = []
  for (let set = 0; set < SETS; set++) sets.push(await measureSet(plan))
  return new Comparison(sets)
}

/** A contestant that takes orders, and takes itself to be in Lambda. */
export function startContestant(name: ContestantName, url: string): Promise<PinnedProcess<Block, Cost>> {
  const env = { DATABASE_URL: url, AWS_LAMBDA_RUNTIME_API: '127.0.0.1:9001' }
  return PinnedProcess.start('invoker.ts', MEASURED, [name], env)
}

async function measureSet({ contestants, url, block, next }: Plan): Promise<Round[]> {
  await using stack = new AsyncDisposableStack()
  const processes = new Map<ContestantName, PinnedProcess<Block, Cost>>()
  for (const name of contestants) processes.set(name, stack.use(await startContestant(name, url)))
  await next?.('warm-up')
  for (const process of processes.values()) await process.ask(WARM_UP)
  await next?.('measurement')
  const rounds: Round[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await measureRound(processes, block))
  return rounds
}

async function measureRound(
  processes: ReadonlyMap<ContestantName, PinnedProcess<Block, Cost>>,
  block: Block,
): Promise<Round> {
  const round = new Map<ContestantName, Cost>()
  for (const [name, process] of shuffled([...processes])) round.set(name, await process.ask(block))
  return round
}

/** Every figure is made of one measurement per set, the median of its rounds. */
export class Comparison {
  readonly #sets: readonly Round[][]

  constructor(sets: readonly Round[][]) {
    this.#sets = sets
  }

  /** Microseconds of one invocation. */
  cost(name: ContestantName, of: keyof Cost): Figure {
    return this.#figure((round) => costIn(round, name)[of], 'µs')
  }

  /** Against another contestant in the same round. */
  ratio(name: ContestantName, to: ContestantName, of: keyof Cost, bar?: number): Figure {
    return this.#figure((round) => costIn(round, name)[of] / costIn(round, to)[of], '×', bar)
  }

  #figure(value: (round: Round) => number, unit: Unit, bar?: number): Figure {
    return figure(
      this.#sets.map((rounds) => median(rounds.map(value))),
      unit,
      bar,
    )
  }
}

function costIn(round: Round, name: ContestantName): Cost {
  return round.get(name) as Cost
}

/** Fisher and Yates. */
export function shuffled<T>(items: T[]): T[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[items[last], items[other]] = [items[other] as T, items[last] as T]
  }
  return items
}
