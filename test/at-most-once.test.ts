/**
 * An exchange is cut at each of its bytes, on the way there and on the way back, by FIN and by RST; a long one at each by one of
 * them, or at some. What it inserts is then in the table as the caller was told, never twice, and never half of a transaction.
 */
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Pool, PoolOptions } from '../src/index.ts'
import { Writer } from '../src/writer.ts'
import {
  type CutExchange,
  CuttingLane,
  type Exchange,
  type Measure,
  placeOf,
  placesIn,
} from './support/cut-exchange.ts'
import { databaseForFile } from './support/database.ts'
import type { TcpProxy } from './support/tcp-proxy.ts'
import { countNotes, howOften, type Insertion, wordFor, wrongAbout } from './support/told-and-done.ts'

const LANES = 6
const INSERT = 'INSERT INTO notes VALUES (?)'
const server = databaseForFile()

beforeAll(() => server.current.query('CREATE TABLE notes (note CHAR(8) NOT NULL, KEY (note))'))
beforeEach(() => {
  // No pauses between attempts to connect: there are hundreds of them.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  // Nor the question to a server that may be the writer no more, with which connecting would be longer than it was measured.
  vi.spyOn(Writer.prototype, 'doubt').mockReturnValue()
})
afterEach(() => vi.restoreAllMocks())

const warm = (pool: Pool) => pool.query('SELECT 1')
const cold = (pool: Pool) => pool.withConnection(async (connection) => connection.destroy())

const query: Exchange = { before: warm, inserts: 1, run: (pool, [note]) => pool.query(INSERT, [note]) }
const firstExecute: Exchange = { ...query, run: (pool, [note]) => pool.execute(INSERT, [note as string]) }
const execute: Exchange = { ...firstExecute, before: (pool, newNote) => pool.execute(INSERT, [newNote()]) }
const firstQuery: Exchange = {
  before: cold,
  inserts: 1,
  run: (pool, [note], here) => {
    pool.once('connection', here)
    return pool.query(INSERT, [note])
  },
}
const transaction: Exchange = {
  before: warm,
  inserts: 2,
  run: (pool, notes, here) =>
    pool.transaction(async (tx) => {
      for (const note of notes) await tx.query(INSERT, [note])
      here()
    }),
}
/** To be run again after a deadlock, which a lost connection is not. */
const nested: Exchange = {
  ...transaction,
  run: (pool, notes, here) =>
    pool.transaction(
      async (tx) => {
        await tx.query(INSERT, [notes[0]])
        await pool.transaction((inner) => inner.execute(INSERT, [notes[1] as string]))
        here()
      },
      { retries: 3 },
    ),
}

interface Cut extends CutExchange, Insertion {}
type Rule = (cut: Cut, measure: Measure) => string | undefined

/** Nothing is tried again: done is what was answered. */
const doneIfAnswered: Rule = ({ way, after, told }, { whole }) => {
  const answered = way === 'toClient' && after === whole.toClient
  return answered === (told.status === 'fulfilled') ? undefined : `answered: ${answered}, ${wordFor(told)}`
}

/** Connecting is tried again, and what was lost with a connection that was there is not. */
const doneIfNotBegun: Rule = (cut, measure) => {
  const { way, after, told } = cut
  if (after === measure.here[way] && way === 'toClient') return undefined // sent as it is cut, or not
  if (after > measure.here[way]) return doneIfAnswered(cut, measure)
  return told.status === 'fulfilled' ? undefined : `connecting, ${wordFor(told)}`
}

/** Nobody is left in doubt about a COMMIT that was not sent, nor told anything else about one that was. */
const doubtAboutCommitOnly: Rule = (cut, measure) => {
  const { way, after, told, rows } = cut
  const { here, whole } = measure
  const before = way === 'toServer' ? after <= here.toServer : after < here.toClient
  const during = way === 'toServer' ? after > here.toServer : after > here.toClient && after < whole.toClient
  const inDoubt = told.status === 'rejected' && told.reason.code === 'COMMIT_UNKNOWN'
  if (during && !(inDoubt && wordFor(told) === 'unknown')) return `COMMIT was lost, ${wordFor(told)}`
  if (before && inDoubt) return 'in doubt for nothing'
  if (before && rows.some((count) => count > 0)) return 'applied without COMMIT'
  return doneIfAnswered(cut, measure)
}

const plainly = (proxy: TcpProxy): PoolOptions => ({ connection: proxy.url(server.current.url) })
const overTls = ({ port }: TcpProxy): PoolOptions => {
  const { user, password, database, ca } = server.current
  return { connection: { host: 'localhost', port, user, password, database }, tls: { ca: String(ca) } }
}

test.each<{ name: string; exchange: Exchange; rule?: Rule; options?: typeof plainly; every?: number }>([
  { name: 'a query', exchange: query, rule: doneIfAnswered },
  { name: 'a first execute(), of two commands', exchange: firstExecute, rule: doneIfAnswered, every: 2 },
  { name: 'an execute() of what is prepared', exchange: execute, rule: doneIfAnswered },
  { name: 'a transaction', exchange: transaction, rule: doubtAboutCommitOnly, every: 2 },
  { name: 'one transaction in another', exchange: nested, rule: doubtAboutCommitOnly, every: 3 },
  { name: 'a query and its connection', exchange: firstQuery, rule: doneIfNotBegun, every: 2 },
  { name: 'a query over TLS', exchange: query, rule: doneIfAnswered, options: overTls, every: 7 },
  { name: 'a query and its connection over TLS', exchange: firstQuery, options: overTls, every: 31 },
])(
  '$name, cut anywhere, is applied at most once, and as its caller is told',
  async (row) => {
    const { exchange, rule = () => undefined, options = plainly, every = 1 } = row
    const { cuts, measure, most } = await cutEverywhere(exchange, options, every)
    const wrongs = cuts.map((cut) => [placeOf(cut), wrongAbout(cut) ?? rule(cut, measure)])
    expect(wrongs.filter(([, wrong]) => wrong)).toEqual([])
    // Some cuts came before the server had it all, some after that, and some when all was over.
    const met = cuts.map((cut) => `${wordFor(cut.told)}, ${howOften(cut)}`)
    expect(met).toEqual(
      expect.arrayContaining(['unknown, applied 0×', 'unknown, applied 1×', 'done, applied 1×']),
    )
    expect(most).toBe(1)
  },
  120_000,
)

/** Cuts at every so manieth byte; asks afterwards what is there. */
async function cutEverywhere(exchange: Exchange, options: typeof plainly, every: number) {
  const lanes = await Promise.all(
    Array.from({ length: LANES }, () => CuttingLane.open(exchange, server.current, options)),
  )
  const measure = await (lanes[0] as CuttingLane).measure()
  const places = placesIn(measure.whole, every)
  const cuts: CutExchange[] = []
  const work = async (lane: CuttingLane) => {
    for (const place of places) cuts.push(await lane.cut(place))
    await lane.before()
  }
  try {
    await Promise.all(lanes.map(work))
  } finally {
    await Promise.all(lanes.map((lane) => lane[Symbol.asyncDispose]()))
  }
  const most = Math.max(...lanes.map(({ proxy }) => proxy.mostConnections))
  return { measure, most, cuts: await withRows(cuts) }
}

async function withRows(cuts: CutExchange[]): Promise<Cut[]> {
  const times = await countNotes(
    server.current,
    cuts.flatMap(({ notes }) => notes),
  )
  return cuts.map((cut) => ({ ...cut, rows: cut.notes.map((note) => times.get(note) as number) }))
}
