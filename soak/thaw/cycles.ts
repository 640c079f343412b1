import fc from 'fast-check'
import { Sleeper, type Sleeping } from './sleeper.ts'

/** What happens between two invocations. Resolves with whether the second was answered. */
type Cycle = (sleeper: Sleeper, connections: number) => Promise<boolean>

/** Were fewer killed than were in use, the cycle would have shown nothing. */
async function kill(sleeper: Sleeper, connections: number): Promise<void> {
  const killed = await sleeper.kill()
  if (killed < connections)
    throw new Error(`${killed} connections were there to kill, where ${connections} had been used.`)
}

export const CYCLES = {
  'nothing happened': async (sleeper, connections) => {
    await sleeper.freeze()
    return answers(sleeper, connections)
  },
  'killed while frozen, before the event': async (sleeper, connections) => {
    await sleeper.freeze()
    await kill(sleeper, connections)
    return answers(sleeper, connections)
  },
  'killed while frozen, the event in place': async (sleeper, connections) => {
    await sleeper.freeze()
    const beforeThaw = () => kill(sleeper, connections)
    return (await sleeper.ask(connections, { beforeThaw })) !== undefined
  },
  'killed before the freeze': async (sleeper, connections) => {
    await kill(sleeper, connections)
    await sleeper.freeze()
    return answers(sleeper, connections)
  },
} satisfies Record<string, Cycle>

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

/** How many invocations there were, two in each cycle, and how many of them failed. */
export type Counts = Record<CycleName, { times: number; failed: number }>

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
  { handler, runtime, database }: Sleeping,
  { seed, times, enough, tell }: Soaking,
): Promise<Counts> {
  await using sleeper = await Sleeper.start({ handler, runtime, database })
  const counts = Object.fromEntries(CYCLE_NAMES.map((name) => [name, { times: 0, failed: 0 }])) as Counts
  let played = 0
  for (const { name, connections } of drawn(seed, times)) {
    if (enough()) break
    const before = await answers(sleeper, connections)
    const after = await CYCLES[name](sleeper, connections)
    counts[name].times += 2
    counts[name].failed += Number(!before) + Number(!after)
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
