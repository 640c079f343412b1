import { chooseRuntime } from 'warmpool-local'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { serverName } from '../scripts/server-view.ts'
import { bundleClients, CLIENTS, type Client } from './clients.ts'
import { Caller } from './failover/caller.ts'
import { Cluster } from './failover/cluster.ts'
import { type Drawn, drawn, EVENTS } from './failover/events.ts'
import { add, brokenBy, noCounts, type Played, tableOf, written } from './failover/played.ts'
import type { Outcome, SoakOptions } from './soak.ts'

export const title =
  'Two servers behind one name fail over, restart and fall silent under containers that are invoked all the time'

/** Invocations that begin after the server's return, of each event: reads and writes. */
const AFTERWARDS = 4
/** How often it is told how far it is. */
const TOLD = 20
const PARTITION = 10_000

export async function run(options: SoakOptions): Promise<Outcome> {
  const played = await playAll(drawn(options.seed, options.cycles), PARTITION, options)
  return { table: tableOf(played), broken: brokenBy(played) }
}

/**
 * Both clients at once, in a container each.
 *
 * @param partition milliseconds
 */
export async function playAll(
  events: readonly Drawn[],
  partition: number,
  { signal, log }: Pick<SoakOptions, 'signal' | 'log'>,
): Promise<Played> {
  await using cluster = await Cluster.start()
  await using directory = new GuardedDirectory()
  const runtime = chooseRuntime('auto').name
  log(`${serverName(cluster.writer)}, twice; runtime ${runtime}`)
  const handlers = await bundleClients('failover', directory.path)
  const startCaller = (client: Client) => Caller.start(handlers[client], runtime, cluster.url, client)
  await using warmpool = await startCaller('warmpool')
  await using mysql2 = await startCaller('mysql2')
  const callers = { warmpool, mysql2 }
  const counts = { warmpool: noCounts(), mysql2: noCounts() }
  for (const [at, { name, step }] of events.entries()) {
    if (signal?.aborted) break
    await Promise.all(CLIENTS.map((client) => callers[client].told(2, performance.now())))
    await EVENTS[name].happen(cluster, { step, partition })
    const back = performance.now()
    const hear = async (client: Client) =>
      add(counts[client][name], await callers[client].told(AFTERWARDS, back), back)
    await Promise.all(CLIENTS.map(hear))
    if ((at + 1) % Math.ceil(events.length / TOLD) === 0) log(`${at + 1} of ${events.length} events`)
  }
  for (const client of CLIENTS) await callers[client][Symbol.asyncDispose]()
  const notes = await cluster.notes()
  const of = (client: Client) => ({
    counts: counts[client],
    written: written(client, callers[client].acknowledged, notes),
  })
  return { warmpool: of('warmpool'), mysql2: of('mysql2') }
}
