import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../local/src/database/database.ts'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import type { Answer } from './cold/handlers/answer.ts'
import { type Reachable, servers } from './cold/servers.ts'
import { bundleHandlers, coldStart, type Handlers, STARTERS, type StarterName } from './cold/start.ts'
import type { Table } from './measure/bench.ts'
import { type Figure, figure, median } from './measure/figure.ts'
import { shuffled } from './measure/paired.ts'

export const title =
  'From the start of the process to the first row, by when the connection is opened: as the pool is created (prewarm), or with the first ' +
  'query (lazy). The bundle loads without a pause, in which no connection gets on; or its INIT also awaits something for 50 ms'

/** For the network's `delay`, milliseconds, by the round trip that they make of it; what that is, the last column tells. */
const NETWORKS = {
  '0 ms': { toServer: 0, toClient: 0 },
  '1 ms': { toServer: 0, toClient: 2 },
  '5 ms': { toServer: 3, toClient: 3 },
}
const ROUNDS = 11

/** Where round trips are counted: there the first query is to take one, and so no more of connecting. */
const COUNTED = 'TLS, 5 ms'
const ONE_ROUND_TRIP = 1
/** Such a time after INIT, milliseconds, that what was begun is done. */
const SETTLED = 250

export async function run(database: Database): Promise<Table> {
  await using stack = new AsyncDisposableStack()
  const directory = stack.use(new GuardedDirectory())
  const handlers = await bundleHandlers(directory.path)
  const table: Table = {}
  for (const [how, server] of Object.entries(await servers(database, stack)))
    for (const [network, delay] of Object.entries(NETWORKS)) {
      server.network.toServer.delay = delay.toServer
      server.network.toClient.delay = delay.toClient
      const rows = await measure(handlers, server)
      for (const [who, row] of Object.entries(rows)) table[`${how}, ${network}: ${who}`] = row
      if (`${how}, ${network}` === COUNTED)
        table[`${COUNTED}: prewarm, invoked later`] = await firstQuery(handlers, server)
    }
  return table
}

type Round = ReadonlyMap<StarterName, Answer>

async function measure(handlers: Handlers, server: Reachable): Promise<Table> {
  const names = Object.keys(STARTERS) as StarterName[]
  const starters = names.filter((name) => !(name === 'mysql2 pool' && server.onlyWarmpool))
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await oneRound(starters, handlers, server))
  const rows: Table = Object.fromEntries(starters.map((name) => [name, rowOf(rounds, name)]))
  rows['(a query on an open connection)'] = { 'its query': figure(rounds.map(laterQuery), 'ms') }
  return rows
}

function rowOf(rounds: readonly Round[], name: StarterName): Record<string, Figure> {
  const { against } = STARTERS[name]
  const values = (of: (round: Round) => number) => rounds.map(of)
  return {
    'first row': figure(
      values((round) => answerOf(round, name).firstRow),
      'ms',
    ),
    'to lazy': figure(
      values((round) => answerOf(round, name).firstRow / answerOf(round, against).firstRow),
      '×',
    ),
    'its query': figure(
      values((round) => answerOf(round, name).first),
      'ms',
    ),
    'less than lazy': figure(
      values((round) => answerOf(round, against).first - answerOf(round, name).first),
      'ms',
    ),
  }
}

/** Of containers that had time to connect between INIT and their first invocation. */
async function firstQuery(handlers: Handlers, server: Reachable): Promise<Record<string, Figure>> {
  let sent = 0
  server.network.watch(() => ({ toServer: () => sent++ }))
  const roundTrips: number[] = []
  while (roundTrips.length < ROUNDS) {
    const { later } = await coldStart('prewarm', handlers, server, async () => {
      await sleep(SETTLED)
      sent = 0
    })
    roundTrips.push(sent - later.length)
  }
  return { 'round trips of its query': figure(roundTrips, '', ONE_ROUND_TRIP) }
}

async function oneRound(
  starters: readonly StarterName[],
  handlers: Handlers,
  server: Reachable,
): Promise<Round> {
  const round = new Map<StarterName, Answer>()
  for (const name of shuffled([...starters])) round.set(name, await coldStart(name, handlers, server))
  return round
}

function answerOf(round: Round, name: StarterName): Answer {
  return round.get(name) as Answer
}

function laterQuery(round: Round): number {
  return median(answerOf(round, 'prewarm').later)
}
