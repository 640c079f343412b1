import type { Database } from '../local/src/database/database.ts'
import { type ContestantName, TITLES } from './contestants/titles.ts'
import type { Table } from './measure/bench.ts'
import { Network } from './measure/network.ts'
import { compare } from './measure/paired.ts'

export const title = 'A warm invocation of one query, one right after the other, over a network of 1 ms'

const RIVAL = 'serverless-mysql'
const BARS: Partial<Record<ContestantName, number>> = { warmpool: 0.55 }
const CONTESTANTS: ContestantName[] = ['serverless-mysql', 'warmpool', 'mysql2-pool', 'connect-per-call']

export async function run(database: Database): Promise<Table> {
  await using network = await Network.to(database.url)
  const comparison = await compare({
    contestants: CONTESTANTS,
    url: network.url,
    block: { milliseconds: 250 },
    next: (phase) => network.delay(phase === 'measurement' ? 1 : 0),
  })
  const row = (name: ContestantName) => ({
    wall: comparison.cost(name, 'wall'),
    'to serverless-mysql': comparison.ratio(name, RIVAL, 'wall', BARS[name]),
  })
  return Object.fromEntries(CONTESTANTS.map((name) => [TITLES[name], row(name)]))
}
