import type { Database } from '../local/src/database/database.ts'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import type { Answer } from './cold/handlers/answer.ts'
import { type Reachable, servers } from './cold/servers.ts'
import { bundleHandlers, coldStart, type Handlers, type StarterName } from './cold/start.ts'
import type { Table } from './measure/bench.ts'
import { type Figure, figure, median } from './measure/figure.ts'
import { shuffled } from './measure/paired.ts'

export const title =
  'From the start of a container to its first row, by when the connection is opened: as the pool is created, before the rest loads ' +
  '(prewarm), or with the first query (lazy); and both where the pool is created after the rest is loaded (packages first)'

/** For the network's `delay`, milliseconds, by the round trip that they make of it; what that is, the last column tells. */
const NETWORKS = {
  '0 ms': { toServer: 0, toClient: 0 },
  '1 ms': { toServer: 0, toClient: 2 },
  '5 ms': { toServer: 3, toClient: 3 },
}
const ROUNDS = 11

/** Where it is looked at how many round trips the first query after INIT takes: enough for them to be what counts. */
const LOOKED_AT = 'TLS, 5 ms'
/** With `prewarm` it takes one, as any later query, and so not two. */
const ONE_ROUND_TRIP = 1.5
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
      const what = `${how}, ${network}`
      table[what] = await measure(handlers, server)
      if (what === LOOKED_AT) Object.assign(table[what], await firstQuery(handlers, server))
    }
  return table
}

type Round = ReadonlyMap<StarterName, Answer>

async function measure(handlers: Handlers, server: Reachable): Promise<Record<string, Figure>> {
  const starters: StarterName[] = ['prewarm', 'lazy', 'prewarm, packages first', 'lazy, packages first']
  if (!server.onlyWarmpool) starters.push('mysql2 pool')
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await oneRound(starters, handlers, server))
  return {
    ...Object.fromEntries(starters.map((name) => [name, firstRow(rounds, name)])),
    'prewarm to lazy': ratio(rounds, 'prewarm', 'lazy'),
    'packages first': ratio(rounds, 'prewarm, packages first', 'lazy, packages first'),
    'a later query': figure(
      rounds.map((round) => later(answerOf(round, 'prewarm'))),
      'ms',
    ),
  }
}

/** Of containers that had time to connect between INIT and their first invocation. */
async function firstQuery(handlers: Handlers, server: Reachable): Promise<Record<string, Figure>> {
  const settled: Answer[] = []
  while (settled.length < ROUNDS) settled.push(await coldStart('prewarm', handlers, server, SETTLED))
  const ratios = settled.map((answer) => answer.first / later(answer))
  return { 'first query after INIT, to a later one': figure(ratios, '×', ONE_ROUND_TRIP) }
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

function firstRow(rounds: readonly Round[], name: StarterName): Figure {
  return figure(
    rounds.map((round) => answerOf(round, name).firstRow),
    'ms',
  )
}

function ratio(rounds: readonly Round[], name: StarterName, to: StarterName): Figure {
  return figure(
    rounds.map((round) => answerOf(round, name).firstRow / answerOf(round, to).firstRow),
    '×',
  )
}

function answerOf(round: Round, name: StarterName): Answer {
  return round.get(name) as Answer
}

function later(answer: Answer): number {
  return median(answer.later)
}
