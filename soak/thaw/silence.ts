import { FallingSilent } from '../../bench/measure/falling-silent.ts'
import { Sleeper, type Sleeping } from './sleeper.ts'

/** Milliseconds: idle for longer, a connection is pinged before it is used. */
const VALIDATE_AFTER = 100
/** Longer than that, and than what warmpool takes for a late timer; a connection that is being opened meanwhile is opened anew. */
const NAP = 300

/** What came of invocations on connections that had fallen silent while the container was frozen. */
export interface Silences {
  readonly times: number
  readonly failed: number
  /** Milliseconds that the others took, in their order. */
  readonly took: readonly number[]
  /** The same where the connections were closed instead, so that all it took was to open others. */
  readonly connects: readonly number[]
}

/** Only the old connections are silent: nobody hears of their end, and new ones get through. */
export async function silences(
  sleeping: Sleeping,
  { times, connects, enough }: { times: number; connects: number; enough: () => boolean },
): Promise<Silences> {
  await using way = await FallingSilent.to(sleeping.database)
  const env = { VALIDATE_AFTER: String(VALIDATE_AFTER) }
  await using sleeper = await Sleeper.start({ ...sleeping, url: way.url, env })
  const after = async (death: () => unknown, connections: number) => {
    await sleeper.ask(connections)
    await sleeper.freeze(NAP)
    await death()
    return sleeper.ask(connections)
  }
  const took: (number | undefined)[] = []
  const opened: (number | undefined)[] = []
  for (let cycle = 0; cycle < Math.max(times, connects) && !enough(); cycle++) {
    const connections = 2 - (cycle % 2)
    if (cycle < times) took.push(await after(() => way.silence(), connections))
    if (cycle < connects) opened.push(await after(() => sleeper.kill(), connections))
  }
  return {
    times: took.length,
    failed: took.filter(isMissing).length,
    took: known(took),
    connects: known(opened),
  }
}

function isMissing(value: number | undefined): boolean {
  return value === undefined
}

function known(values: readonly (number | undefined)[]): number[] {
  return values.filter((value) => value !== undefined).toSorted((a, b) => a - b)
}
