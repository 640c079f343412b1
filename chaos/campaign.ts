import fc from 'fast-check'
import type { Break } from './judge/history.ts'
import { judge } from './judge/judge.ts'
import type { Script } from './script/script.ts'
import { scripts } from './script/scripts.ts'
import type { Tally } from './tally.ts'
import { type Cast, play } from './world/play.ts'
import { World } from './world/world.ts'

/** A run of many scripts. */
export interface Plan {
  readonly cast: Cast
  readonly seed: number
  readonly invocations: number
  /** Of each world that is played in at the same time, how many invocations its containers take at once. */
  readonly worlds: readonly number[]
  /** Changes scripts before they are played. */
  readonly shape?: ((script: Script) => Script) | undefined
  /** Tells after each script whether that is enough. Default never. */
  readonly enough?: (tally: Tally) => boolean
}

/** Scripts of one seed; with each the generator shows longer ones. */
const BATCH = 20

/** Plays scripts until there were enough invocations, in several worlds side by side. */
export async function campaign(plan: Plan, tally: Tally): Promise<void> {
  const { worlds, invocations, enough = () => false } = plan
  const done = () => tally.invocations >= invocations || enough(tally)
  await Promise.all(worlds.map((concurrency, place) => playIn(place, concurrency, plan, tally, done)))
}

async function playIn(
  place: number,
  concurrency: number,
  { cast, seed, shape = (script) => script }: Plan,
  tally: Tally,
  done: () => boolean,
): Promise<void> {
  await using world = await World.create()
  for (let batch = 0; !done(); batch++) {
    const some = fc.sample(scripts(concurrency), { seed: seedOf(seed, place, batch), numRuns: BATCH })
    for (const script of some.map(shape)) {
      if (done()) return
      const history = await play(script, cast, world)
      tally.add(script, history, judge(history))
    }
  }
}

function seedOf(seed: number, place: number, batch: number): number {
  return (seed * 1_000_003 + place * 10_007 + batch) | 0
}

/** Plays one script a few times. @returns what it breaks, of all times, by the rule */
export async function playOften(
  script: Script,
  cast: Cast,
  world: World,
  times: number,
): Promise<Map<string, Break>> {
  const found = new Map<string, Break>()
  for (let time = 0; time < times; time++)
    for (const broken of judge(await play(script, cast, world)))
      found.set(`${broken.promise} ${broken.rule}`, broken)
  return found
}
