import type { Database } from '../local/src/database/database.ts'
import { type ContestantName, TITLES } from './contestants/titles.ts'
import type { Table } from './measure/bench.ts'
import { figure } from './measure/figure.ts'
import { Network } from './measure/network.ts'
import { startContestant } from './measure/paired.ts'

export const title =
  'Packets of a warm invocation of one query, which is one to the server, counted on the way'

const CONTESTANTS: ContestantName[] = [
  'mysql2-pool',
  'warmpool',
  'plain-warmpool',
  'serverless-mysql',
  'connect-per-call',
]
const OURS: ContestantName[] = ['warmpool', 'plain-warmpool']
const WARM_UP = { milliseconds: 60_000, atMost: 10 }
const BACK_TO_BACK = { milliseconds: 60_000, atMost: 500 }
const PAUSED = { milliseconds: 60_000, atMost: 100, pause: 3 }

export async function run(database: Database): Promise<Table> {
  await using network = await Network.to(database.url)
  const table: Table = {}
  for (const name of CONTESTANTS) table[TITLES[name]] = await count(name, network)
  return table
}

async function count(name: ContestantName, network: Network): Promise<Table[string]> {
  await using contestant = await startContestant(name, network.url)
  await contestant.ask(WARM_UP)
  const bar = OURS.includes(name) ? 1 : undefined
  const columns: Table[string] = {}
  for (const [how, block] of Object.entries({ '': BACK_TO_BACK, ', with pauses': PAUSED })) {
    await network.traffic()
    const { invocations } = await contestant.ask(block)
    const { sent, received } = await network.traffic()
    columns[`sent${how}`] = figure([sent / invocations], '', bar)
    columns[`received${how}`] = figure([received / invocations], '')
  }
  return columns
}
