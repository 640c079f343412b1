import type { Database } from '../../local/src/database/database.ts'
import { CONTESTANTS, type ContestantName } from './container.ts'
import type { Scenario } from './scenario.ts'
import { Stage } from './stage.ts'

/** A try that hangs is an error, not a result; milliseconds. */
const AT_MOST = 15_000

/**
 * How many of so many tries went wrong.
 *
 * @throws Error when the scenario could not be played
 */
export async function play(
  scenario: Scenario,
  name: ContestantName,
  database: Database,
  tries: number,
): Promise<number> {
  await using stage = await Stage.on(database)
  let broken = 0
  for (let i = 0; i < tries; i++)
    try {
      if (await inTime(playOnce(scenario, name, stage))) broken++
    } catch (error) {
      const { message } = error as Error
      throw new Error(`"${scenario.title}" with ${name}: ${message}`, { cause: error })
    }
  return broken
}

async function playOnce(scenario: Scenario, name: ContestantName, stage: Stage): Promise<boolean> {
  await stage.clean()
  const container = CONTESTANTS[name](stage.url, scenario.connectionLimit ?? 2)
  try {
    return await scenario.play(container, stage)
  } finally {
    await stage.unlockStock() // a contestant that waits for the row could not be closed
    await container.close()
    await stage.alone()
  }
}

async function inTime<T>(work: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const alarm = setTimeout(() => reject(new Error('a try does not end')), AT_MOST)
  return Promise.race([work, late]).finally(() => clearTimeout(alarm))
}
