import type { Database } from '../local/src/database/database.ts'
import type { Table } from './measure/bench.ts'
import { MEASURED } from './measure/cpu.ts'
import { type Figure, figure, median } from './measure/figure.ts'
import { PinnedProcess } from './measure/pinned-process.ts'
import type { Crowd } from './measure/queuer.ts'

export const title = 'A query on a pool of two connections, with so many callers that queue again and again'

const CALLERS = [1, 100, 1_000, 10_000]
const AGAINST = 100
const FLAT = 1.2
const QUERIES = 10_000
const PROCESSES = 6
const ROUNDS = 2

/** Microseconds of a query, by the number of callers. */
type Round = ReadonlyMap<number, number>

export async function run({ url }: Database): Promise<Table> {
  const ours = await measure('warmpool', url)
  const theirs = await measure('mysql2-pool', url)
  const row = (callers: number) => ({
    warmpool: cost(ours, callers),
    [`to ${AGAINST} callers`]: ratio(ours, callers, callers > AGAINST ? FLAT : undefined),
    'mysql2 promise pool': cost(theirs, callers),
    [`its to ${AGAINST} callers`]: ratio(theirs, callers),
  })
  return Object.fromEntries(CALLERS.map((callers) => [`${callers} at once`, row(callers)]))
}

async function measure(contestant: string, url: string): Promise<Round[][]> {
  const processes: Round[][] = []
  while (processes.length < PROCESSES) processes.push(await measureProcess(contestant, url))
  return processes
}

async function measureProcess(contestant: string, url: string): Promise<Round[]> {
  const env = { DATABASE_URL: url }
  await using queuer = await PinnedProcess.start<Crowd, number>('queuer.ts', MEASURED, [contestant], env)
  await queuer.ask({ callers: AGAINST, queries: QUERIES })
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await measureRound(queuer))
  return rounds
}

async function measureRound(queuer: PinnedProcess<Crowd, number>): Promise<Round> {
  const round = new Map<number, number>()
  for (const callers of CALLERS) round.set(callers, await queuer.ask({ callers, queries: QUERIES }))
  return round
}

function cost(processes: Round[][], callers: number): Figure {
  return figure(
    processes.map((rounds) => median(rounds.map((round) => costIn(round, callers)))),
    'µs',
  )
}

function ratio(processes: Round[][], callers: number, bar?: number): Figure {
  const ratioIn = (round: Round) => costIn(round, callers) / costIn(round, AGAINST)
  return figure(
    processes.map((rounds) => median(rounds.map(ratioIn))),
    '×',
    bar,
  )
}

function costIn(round: Round, callers: number): number {
  return round.get(callers) as number
}
