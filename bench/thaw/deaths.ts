import type { Database } from '../../local/src/database/database.ts'
import type { RuntimeName } from '../../local/src/lambda/runtime.ts'
import { FallingSilent } from '../measure/falling-silent.ts'
import type { Policy } from './policies.ts'
import { type Delay, Sleeper } from './sleeper.ts'
import type { Sleepers } from './still-alive.ts'

/** How often a connection dies. */
export const TIMES = { killed: 100, silent: 5 }

/** The longest after the thaw that a container hears of the death, milliseconds; it is anything up to this. */
const LATEST = 50

/** What came of the invocations after a death. */
export interface Played {
  readonly times: number
  readonly failed: number
  /** Milliseconds, of the queries that did not fail. */
  readonly took: readonly number[]
}

/** All policies side by side, as failing is no matter of speed. */
export function killedWhileFrozen(sleepers: Sleepers, fin: 'known' | 'late'): Promise<Map<Policy, Played>> {
  return ofEach(sleepers, (sleeper) =>
    play(TIMES.killed, async () => {
      const late = fin === 'late' ? Math.floor(Math.random() * (LATEST + 1)) : undefined
      const took = await sleeper.wakeWithoutConnection(late)
      await sleeper.hearsAll(late ?? 0)
      return took
    }),
  )
}

/** In containers of their own. */
export function silentSinceTheFreeze(
  handlers: ReadonlyMap<Policy, string>,
  runtime: RuntimeName,
  database: Database,
  delay: Delay,
): Promise<Map<Policy, Played>> {
  return ofEach(handlers, async (handler) => {
    await using way = await FallingSilent.to(database)
    await using sleeper = await Sleeper.start(handler, runtime, database, way)
    sleeper.delay = delay
    return await play(TIMES.silent, async () => {
      await sleeper.ask()
      await sleeper.freeze()
      way.silence()
      return sleeper.wake()
    })
  })
}

async function ofEach<T>(
  all: ReadonlyMap<Policy, T>,
  played: (of: T) => Promise<Played>,
): Promise<Map<Policy, Played>> {
  const results = [...all].map(async ([policy, of]) => [policy, await played(of)] as const)
  return new Map(await Promise.all(results))
}

/** @param once resolves with milliseconds, or with undefined when it failed */
async function play(times: number, once: () => Promise<number | undefined>): Promise<Played> {
  const results: (number | undefined)[] = []
  while (results.length < times) results.push(await once())
  const took = results.filter((result) => result !== undefined)
  return { times, failed: times - took.length, took }
}
