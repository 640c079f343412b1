import fc from 'fast-check'
import { Sleeper, type Sleeping } from './sleeper.ts'

interface Result {
  /** Whether the invocation after it was answered. */
  readonly answered: boolean
  /** How many connections died. */
  readonly killed: number
}

/** What happens between two invocations, of which the first has used so many connections. */
type Cycle = (sleeper: Sleeper, connections: number) => Promise<Result>

export const CYCLES = {
  'nothing happened': async (sleeper, connections) => {
    await sleeper.freeze()
    return { answered: await answers(sleeper, connections), killed: 0 }
  },
  'killed while frozen, before the event': async (sleeper, connections) => {
    await sleeper.freeze()
    const killed = await kill(sleeper)
    return { answered: await answers(sleeper, connections), killed }
  },
  'killed while frozen, the event in place': async (sleeper, connections) => {
    await sleeper.freeze()
    let killed = 0
    const beforeThaw = async () => {
      killed = await kill(sleeper)
    }
    return { answered: (await sleeper.ask(connections, { beforeThaw })) !== undefined, killed }
  },
  'killed before the freeze': async (sleeper, connections) => {
    const killed = await kill(sleeper)
    await sleeper.freeze()
    return { answered: await answers(sleeper, connections), killed }
  },
} satisfies Record<string, Cycle>

/**
 * Two queries may have been answered on one connection, while the other was still to be opened. Were there none at all, the
 * cycle would show nothing.
 */
async function kill(sleeper: Sleeper): Promise<number> {
  const killed = await sleeper.kill()
  if (killed === 0) throw new Error('There was no connection to kill after an invocation that had used one.')
  return killed
}

export type CycleName = keyof typeof CYCLES

export const CYCLE_NAMES = Object.keys(CYCLES) as CycleName[]

/** One of the cycles, with one connection in use, or two. */
export interface Drawn {
  readonly name: CycleName
  readonly connections: 1 | 2
}

/** Of one seed always the same. */
export function drawn(seed: number, count: number): Drawn[] {
  const one = fc.record({ name: fc.constantFrom(...CYCLE_NAMES), connections: fc.constantFrom(1, 2) })
  return fc.sample(one, { seed, numRuns: count }) as Drawn[]
}

/** Of each kind of cycle. */
export type Counts = Record<CycleName, Count>

export interface Count {
  /** Invocations, two in each cycle. */
  times: number
  failed: number
  /** Cycles in which two connections died. */
  both: number
}

interface Soaking {
  readonly seed: number
  readonly times: number
  readonly enough: () => boolean
  readonly tell: (line: string) => void
}

/** How often it is told how far it is. */
const TOLD = 10

/** One container plays them all. */
export async function soakCycles(
  sleeping: Sleeping,
  { seed, times, enough, tell }: Soaking,
): Promise<Counts> {
  await using sleeper = await Sleeper.start(sleeping)
  const counts = Object.fromEntries(
    CYCLE_NAMES.map((name) => [name, { times: 0, failed: 0, both: 0 }]),
  ) as Counts
  let played = 0
  for (const { name, connections } of drawn(seed, times)) {
    if (enough()) break
    const answered = await answers(sleeper, connections)
    const after = await CYCLES[name](sleeper, connections)
    const count = counts[name]
    count.times += 2
    count.failed += Number(!answered) + Number(!after.answered)
    count.both += Number(after.killed === 2)
    if (!answered || !after.answered)
      sleeping.failed?.(`in cycle ${played + 1}, ${name}: ${connections} in use, ${after.killed} killed`)
    if (++played % Math.ceil(times / TOLD) === 0)
      tell(`${played} of ${times} cycles, ${failed(counts)} failed`)
  }
  return counts
}

function failed(counts: Counts): number {
  return Object.values(counts).reduce((sum, count) => sum + count.failed, 0)
}

async function answers(sleeper: Sleeper, connections: number): Promise<boolean> {
  return (await sleeper.ask(connections)) !== undefined
}
