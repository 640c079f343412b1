import type { Database } from '../local/src/database/database.ts'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { chooseRuntime, type RuntimeName } from '../local/src/lambda/runtime.ts'
import type { Table } from './measure/bench.ts'
import { type Figure, figure } from './measure/figure.ts'
import { killedWhileFrozen, type Played, silentSinceTheFreeze, TIMES } from './thaw/deaths.ts'
import { bundlePolicies, POLICIES, POLICY_NAMES, type Policy } from './thaw/policies.ts'
import { type Delay, Sleeper } from './thaw/sleeper.ts'
import { awake, type Sleepers } from './thaw/still-alive.ts'

export const title =
  `The first query after a thaw, by what is done with its connection before. The connection was closed while frozen, ${TIMES.killed} times: ` +
  `the kernel knows of it at the thaw, after the event, or is told up to 50 ms later; had fallen silent, ${TIMES.silent} times; or is alive`

/** What is added to the way through a proxy, by the round trip that is wanted. What it really is, is in the table. */
const NETWORKS: Record<string, Delay> = {
  '0.2 ms': { toServer: 0, toClient: 0 },
  '1 ms': { toServer: 0, toClient: 2 },
  '5 ms': { toServer: 3, toClient: 3 },
}
/** Where silence is played: what is waited for in it is no network. */
const SILENT_NETWORK = '1 ms'
const ROUND_TRIPS = 100

export async function run(database: Database): Promise<Table> {
  await using directory = new GuardedDirectory()
  const handlers = await bundlePolicies(directory.path)
  const runtimes: RuntimeName[] = chooseRuntime('auto').name === 'ric' ? ['ric', 'loop'] : ['loop']
  const tables: Table[] = []
  for (const runtime of runtimes) tables.push(await underRuntime(runtime, handlers, database))
  return Object.assign({}, ...tables)
}

async function underRuntime(
  runtime: RuntimeName,
  handlers: ReadonlyMap<Policy, string>,
  database: Database,
): Promise<Table> {
  await using stack = new AsyncDisposableStack()
  const sleepers = new Map<Policy, Sleeper>()
  for (const [policy, handler] of handlers)
    sleepers.set(policy, stack.use(await Sleeper.start(handler, runtime, database)))
  const table: Table = {}
  for (const [network, delay] of Object.entries(NETWORKS)) {
    for (const sleeper of sleepers.values()) sleeper.delay = delay
    const silent =
      network === SILENT_NETWORK ? await silentSinceTheFreeze(handlers, runtime, database, delay) : undefined
    const rows = await overNetwork(sleepers, silent)
    for (const [what, row] of Object.entries(rows)) table[`${runtime}, ${network}: ${what}`] = row
  }
  return table
}

async function overNetwork(sleepers: Sleepers, silent?: ReadonlyMap<Policy, Played>): Promise<Table> {
  const roundTrips = await (sleepers.get('reuse') as Sleeper).roundTrips(ROUND_TRIPS)
  const known = await killedWhileFrozen(sleepers, 'known')
  const late = await killedWhileFrozen(sleepers, 'late')
  const alive = await awake(sleepers)
  const rows: Table = {}
  for (const policy of POLICY_NAMES)
    rows[POLICIES[policy]] = {
      'closed, known: failed': failed(known.get(policy)),
      'closed, late: failed': failed(late.get(policy)),
      ...(silent && silenceOf(silent.get(policy))),
      ...alive.get(policy),
    }
  rows['(a query on a connection in use)'] = { alive: figure(roundTrips, 'ms') }
  return rows
}

function silenceOf(played: Played | undefined): Record<string, Figure> {
  const took = played?.took.length ? { 'silent: else took': figure(played.took, 'ms') } : {}
  return { 'silent: failed': failed(played), ...took }
}

function failed(played: Played | undefined): Figure {
  const { failed, times } = played as Played
  return figure([(100 * failed) / times], '%')
}
