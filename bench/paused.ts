import type { Database } from '../local/src/database/database.ts'
import { type ContestantName, TITLES } from './contestants/titles.ts'
import type { Table } from './measure/bench.ts'
import { compare } from './measure/paired.ts'

export const title =
  'A warm invocation of one query after a pause of 3 ms, as in Lambda: we look for dead connections first'

const CONTESTANTS: ContestantName[] = ['mysql2-pool', 'mysql2-pool-again', 'warmpool']

export async function run({ url }: Database): Promise<Table> {
  const block = { milliseconds: 500, pause: 3 }
  const comparison = await compare({ contestants: CONTESTANTS, url, block })
  const row = (name: ContestantName) => ({
    wall: comparison.cost(name, 'wall'),
    'to mysql2 pool': comparison.ratio(name, 'mysql2-pool', 'wall'),
    'client CPU': comparison.cost(name, 'cpu'),
    'CPU to mysql2 pool': comparison.ratio(name, 'mysql2-pool', 'cpu'),
  })
  return Object.fromEntries(CONTESTANTS.map((name) => [TITLES[name], row(name)]))
}
