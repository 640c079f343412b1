import { type Database, type RuntimeName, startDatabase } from 'warmpool-local'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { serverName } from '../scripts/server-view.ts'
import { bundleClients, CLIENTS, type Client, runtimesHere } from './clients.ts'
import { type End, type Ended, endAfter, PATIENCE, worksOf } from './shutdown/ends.ts'
import type { Outcome, SoakOptions } from './soak.ts'

export const title =
  'Containers end, by Lambda’s rules or without warning, and the server is asked what it has left of them'

/** That end together: most of what an end takes is waiting. */
const TOGETHER = 8
/** Of so many groups one is killed without warning, for which the server’s own time has to be waited out. */
const GROUPS_TO_KILLING = 5
/** mysql2’s pool, of which is known what it leaves, plays so many groups of each kind. */
const GROUPS_BESIDE = 2

export async function run(options: SoakOptions): Promise<Outcome> {
  await using directory = new GuardedDirectory()
  const handlers = await bundleClients('shutdown', directory.path)
  const runtimes = runtimesHere(options.log)
  const cycles = Math.ceil(options.cycles / runtimes.length)
  const played: Played[] = []
  for (const runtime of runtimes)
    played.push(...(await underRuntime(runtime, handlers, { ...options, cycles })))
  return { table: tableOf(played), broken: played.flatMap(brokenBy) }
}

/** What came of one client under one runtime. */
interface Played {
  readonly who: string
  readonly client: Client
  readonly ends: Record<End, Ended>
  /** Transactions of which there is one half. */
  readonly halves: number
}

async function underRuntime(
  runtime: RuntimeName,
  handlers: Record<Client, string>,
  options: SoakOptions,
): Promise<Played[]> {
  await using database = await startDatabase()
  options.log(`${runtime}: ${serverName(database)}`)
  await database.query('CREATE TABLE halves (run INT, half INT)')
  const played: Played[] = []
  for (const client of CLIENTS) {
    const groups = groupsOf(
      client === 'warmpool' ? options.cycles : Math.min(options.cycles, 2 * GROUPS_BESIDE * TOGETHER),
    )
    const killEach = client === 'warmpool' ? GROUPS_TO_KILLING : 2
    played.push(
      await play({ client, runtime, handler: handlers[client], database, groups, killEach }, options),
    )
  }
  return played
}

/** How many containers end together, each time. */
function groupsOf(cycles: number): number[] {
  return Array.from({ length: Math.ceil(cycles / TOGETHER) }, (_, i) =>
    Math.min(TOGETHER, cycles - i * TOGETHER),
  )
}

interface Playing {
  readonly client: Client
  readonly runtime: RuntimeName
  readonly handler: string
  readonly database: Database
  readonly groups: readonly number[]
  /** Every such group is killed. */
  readonly killEach: number
}

async function play(
  { client, groups, killEach, ...containers }: Playing,
  { seed, signal, log }: SoakOptions,
): Promise<Played> {
  const { database, runtime } = containers
  const who = `${client}, ${runtime}`
  const none = { containers: 0, open: 0, left: 0, failed: 0 }
  const ends: Played['ends'] = { 'shut down': { ...none }, killed: { ...none } }
  let first = 0
  for (const [group, size] of groups.entries()) {
    if (signal?.aborted) break
    const end = group % killEach === 1 ? 'killed' : 'shut down'
    const ended = await endAfter(worksOf(seed, first, size), end, containers)
    for (const what of Object.keys(none) as (keyof Ended)[]) ends[end][what] += ended[what]
    await database.killConnections() // what mysql2's pool leaves
    first += size
    if ((group + 1) % Math.ceil(groups.length / 10) === 0)
      log(`${who}: ${first} containers, left open ${ends['shut down'].left} and ${ends.killed.left}`)
  }
  const halves = await database.query('SELECT run FROM halves GROUP BY run HAVING COUNT(*) = 1')
  await database.query('DELETE FROM halves')
  return { who, client, ends, halves: halves.length }
}

const END_NAMES = Object.keys(PATIENCE) as End[]

function tableOf(all: readonly Played[]): Outcome['table'] {
  const table: Record<string, Record<string, string | number>> = {}
  const row = (cell: (played: Played) => string | number) =>
    Object.fromEntries(all.map((played) => [played.who, cell(played)]))
  for (const end of END_NAMES) {
    table[`${end}: containers`] = row(({ ends }) => ends[end].containers)
    table[`${end}: connections left after ${PATIENCE[end]} ms`] = row(
      ({ ends }) => `${ends[end].left} of ${ends[end].open}`,
    )
  }
  table['invocations failed'] = row(({ ends }) => END_NAMES.reduce((sum, end) => sum + ends[end].failed, 0))
  table['transactions half done'] = row(({ halves }) => halves)
  return table
}

/** @returns what warmpool has promised and not kept, a sentence each; mysql2’s pool has promised nothing */
function brokenBy({ who, client, ends, halves }: Played): string[] {
  if (client !== 'warmpool') return []
  const broken = END_NAMES.filter((end) => ends[end].left > 0).map(
    (end) =>
      `${who}, ${end}: ${ends[end].left} of ${ends[end].open} connections were left after ${PATIENCE[end]} ms.`,
  )
  const failed = END_NAMES.reduce((sum, end) => sum + ends[end].failed, 0)
  if (failed > 0) broken.push(`${who}: ${failed} invocations failed.`)
  if (halves > 0) broken.push(`${who}: ${halves} transactions were half done.`)
  return broken
}
