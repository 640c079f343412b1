import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { type Database, type LocalLambda, localLambda, type RuntimeName } from 'warmpool-local'
import { WORKS, type Work } from './handlers/work.ts'

/** `shut down` by Lambda's rules, or `killed` without warning, as a machine that is gone. */
export type End = 'shut down' | 'killed'

/** The server's own time for a connection that nobody uses, `wait_timeout`, in seconds: never the reason why one is gone too early. */
const LEASE_SECONDS: Record<End, number> = { 'shut down': 600, killed: 1 }

/** How long the server then has to be rid of it all, milliseconds. It looks once a second, and a busy machine later. */
export const PATIENCE: Record<End, number> = { 'shut down': 1000, killed: LEASE_SECONDS.killed * 1000 + 2000 }

/** What came of containers that ended so. */
export interface Ended {
  containers: number
  /** Connections that they had. */
  open: number
  /** Those that the server still had when its time was over. */
  left: number
  /** Invocations that were not answered. */
  failed: number
}

/** Of one seed always the same. */
export function worksOf(seed: number, first: number, count: number): Work[] {
  const drawn = fc.sample(fc.constantFrom(...WORKS), { seed: seed + first, numRuns: count })
  return drawn.map((work, i) => ({ work, run: first + i }))
}

interface Containers {
  readonly handler: string
  readonly runtime: RuntimeName
  readonly database: Pick<Database, 'url' | 'host' | 'port' | 'connections'>
}

/** Each piece of work in a container of its own; then all of them end. */
export async function endAfter(
  works: Work[],
  end: End,
  { handler, runtime, database }: Containers,
): Promise<Ended> {
  await using lambda = await localLambda({
    handler,
    runtime,
    database,
    bundle: false,
    timeout: 30_000,
    env: { LEASE_SECONDS: `${LEASE_SECONDS[end]}` },
  })
  const answers = await lambda.invokeAll(works)
  const open = (await lambda.connections()).length
  if (end === 'shut down') await lambda.shutdown()
  else await vanish(lambda)
  const left = await leftAfter(PATIENCE[end], lambda)
  return { containers: works.length, open, left, failed: answers.filter(({ ok }) => !ok).length }
}

/** This machine's kernel says goodbye for a process that is killed; that of a machine that is gone does not. */
async function vanish(lambda: LocalLambda): Promise<void> {
  for (const { network } of lambda.containers) network?.blackhole()
  await lambda.kill()
}

async function leftAfter(patience: number, lambda: LocalLambda): Promise<number> {
  const until = performance.now() + patience
  for (;;) {
    const { length } = await lambda.connections()
    if (length === 0 || performance.now() > until) return length
    await delay(20)
  }
}
