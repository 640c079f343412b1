import type { Database } from '../local/src/database/database.ts'
import { type ContestantName, TITLES } from './contestants/titles.ts'
import type { Table } from './measure/bench.ts'
import { type Comparison, compare } from './measure/paired.ts'

export const title = 'A warm invocation of one query, one right after the other'

const REFERENCE = 'mysql2-pool'
const PLAIN_REFERENCE = 'plain-mysql2-pool'

/** Who is compared with whom, and what is promised. */
const RIVALS: Partial<Record<ContestantName, { to: ContestantName; bar?: number }>> = {
  [REFERENCE]: { to: REFERENCE },
  'mysql2-pool-again': { to: REFERENCE },
  'mysql2-pool-untraced': { to: REFERENCE },
  warmpool: { to: REFERENCE, bar: 1 },
  [PLAIN_REFERENCE]: { to: PLAIN_REFERENCE },
  'plain-warmpool': { to: PLAIN_REFERENCE, bar: 1 },
  'serverless-mysql': { to: REFERENCE },
  'connect-per-call': { to: REFERENCE },
}

export async function run({ url }: Database): Promise<Table> {
  const contestants = Object.keys(RIVALS) as ContestantName[]
  const comparison = await compare({ contestants, url, block: { milliseconds: 250 } })
  return Object.fromEntries(contestants.map((name) => [TITLES[name], row(comparison, name)]))
}

function row(comparison: Comparison, name: ContestantName) {
  const { to, bar } = RIVALS[name] as { to: ContestantName; bar?: number }
  return {
    wall: comparison.cost(name, 'wall'),
    'to mysql2 pool': comparison.ratio(name, to, 'wall', bar),
    'client CPU': comparison.cost(name, 'cpu'),
    'CPU to mysql2 pool': comparison.ratio(name, to, 'cpu'),
    GC: comparison.cost(name, 'collecting'),
  }
}
