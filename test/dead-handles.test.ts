import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import type { PoolConnection as CallbackConnection } from 'mysql2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Database, type Pool, type Transaction } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const LIMIT = 4
const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeAll(async () => {
  proxy = await TcpProxy.to(server.current)
})
afterAll(() => proxy[Symbol.asyncDispose]())
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  pool = createPool({ connection: proxy.url(server.current.url), connectionLimit: LIMIT })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end({ timeout: 100 })
})

/** What a call came to: its error's code and message, or what it gave. */
const outcome = (call: Promise<unknown>) =>
  call.then(
    (value) => ['resolved', value],
    (error) => [error.code, error.message],
  )
const ENDED = ['INVOCATION_ENDED', expect.stringContaining('invocation the-one')]
/** What reached the server by the time that something else has, on every connection. */
async function sentDuring(work: () => Promise<unknown>): Promise<string[]> {
  const before = proxy.commands.length
  await work()
  await Promise.all(Array.from({ length: LIMIT }, () => pool.query('DO 0')))
  return proxy.commands
    .slice(before)
    .map(({ name, text }) => text || name)
    .filter((text) => text !== 'DO 0' && !text.startsWith('SET SESSION wait_timeout')) // our own
}

/** Everything that an invocation can be lent, kept somewhere else. */
async function everything(database: Database) {
  const connection = await database.getConnection()
  const prepared = await connection.prepare('SELECT ? AS late')
  const [halfRead, unread] = [
    connection.stream('SELECT seq FROM seq_1_to_50000'),
    database.stream('SELECT seq AS unread FROM seq_1_to_50000'),
  ]
  await once(halfRead, 'readable')
  const [inside, never] = [Promise.withResolvers<Transaction[]>(), new Promise<void>(() => {})]
  const transacting = database.transaction((tx) =>
    tx.transaction(async (nested) => {
      await nested.query('DO 1')
      inside.resolve([tx, nested])
      await never
    }),
  )
  transacting.catch(() => {})
  const [tx, nested] = (await inside.promise) as [Transaction, Transaction]
  const callbacks = connection.connection as unknown as CallbackConnection
  return {
    database,
    connection,
    prepared,
    halfRead,
    unread,
    tx,
    nested,
    callbacks,
    iterator: halfRead[Symbol.asyncIterator](),
  }
}
type Kept = Awaited<ReturnType<typeof everything>>

const promised = (start: (done: (error: Error | null, value?: unknown) => void) => void) =>
  new Promise((resolve, reject) => start((error, value) => (error ? reject(error) : resolve(value))))

const uses: Record<string, (kept: Kept) => Promise<unknown>> = {
  'Database.query': ({ database }) => database.query("DO 'late'"),
  'Database.execute': ({ database }) => database.execute("DO 'late'"),
  'Database.getConnection': ({ database }) => database.getConnection(),
  'Database.withConnection': ({ database }) => database.withConnection((c) => c.query("DO 'late'")),
  'Database.transaction': ({ database }) => database.transaction((tx) => tx.query("DO 'late'")),
  'Database.stream': ({ database }) => database.stream("SELECT 'late'").toArray(),
  'Connection.query': ({ connection }) => connection.query("DO 'late'"),
  'Connection.execute': ({ connection }) => connection.execute("DO 'late'"),
  'Connection.beginTransaction': ({ connection }) => connection.beginTransaction(),
  'Connection.commit': ({ connection }) => connection.commit(),
  'Connection.ping': ({ connection }) => connection.ping(),
  'Connection.reset': ({ connection }) => connection.reset(),
  'Connection.changeUser': ({ connection }) => connection.changeUser({}),
  'Connection.prepare': ({ connection }) => connection.prepare("SELECT 'late'"),
  'Connection.stream': ({ connection }) => connection.stream("SELECT 'late'").toArray(),
  'a prepared statement': ({ prepared }) => prepared.execute(['late']),
  'the callback form': ({ callbacks }) => promised((done) => callbacks.query("DO 'late'", done)),
  'the callback form, executing': ({ callbacks }) => promised((done) => callbacks.execute("DO 'late'", done)),
  'the callback form, beginning': ({ callbacks }) => promised((done) => callbacks.beginTransaction(done)),
  'the callback form, committing': ({ callbacks }) => promised((done) => callbacks.commit(done)),
  'the callback form, streaming': ({ callbacks }) =>
    (callbacks.query("SELECT 'late'").stream() as unknown as ReturnType<Database['stream']>).toArray(),
  'the callback form, told by events': ({ callbacks }) =>
    promised((done) => callbacks.query("SELECT 'late'").on('error', done)),
  Transaction: ({ tx }) => tx.query("DO 'late'"),
  'Transaction.execute': ({ tx }) => tx.execute("DO 'late'"),
  'Transaction.transaction': ({ tx }) => tx.transaction((nested) => nested.query("DO 'late'")),
  'a nested Transaction': ({ nested }) => nested.query("DO 'late'"),
  'the iterator of a stream half read': async ({ iterator }) => {
    for (let row = await iterator.next(); !row.done; row = await iterator.next());
  },
  'a stream never read': async ({ unread }) => unread.toArray(),
}
const cleanUps: Record<string, (kept: Kept) => unknown> = {
  rollback: ({ connection }) => connection.rollback(),
  release: ({ connection }) => connection.release(),
  end: ({ connection }) => connection.end(),
  destroy: ({ connection }) => connection.destroy(),
  'await using': ({ connection }) => connection[Symbol.asyncDispose](),
  'destroy of a stream': ({ halfRead }) => void halfRead.destroy(),
  'return of an iterator': ({ iterator }) => iterator.return?.(),
  'close of a prepared statement': ({ prepared }) => prepared.close(),
  'rollback, by callback': ({ callbacks }) => promised((done) => callbacks.rollback(() => done(null))),
  'release, by callback': ({ callbacks }) => callbacks.release(),
  'end, by callback': ({ callbacks }) => promised((done) => callbacks.end(done)),
}

/** How the invocation ends, its handler going on or not. */
const ends: Record<string, (work: (database: Database) => Promise<unknown>) => Promise<unknown>> = {
  'its handler has returned': (work) =>
    middy()
      .use(mysqlPool({ pool }))
      .handler((_event, { db }) => work(db))({}, contextFor(10_000, 'the-one')),
  'a timeout has answered for it': (work) =>
    middy({ timeoutEarlyInMillis: 9600, timeoutEarlyResponse: () => 'timed out' } as object)
      .use(mysqlPool({ pool }))
      .handler(async (_event, { db }) => {
        await work(db)
        await sleep(60_000, undefined, { ref: false })
      })({}, contextFor(10_000, 'the-one')),
}

describe.each(Object.entries(ends))('when %s', (_how, end) => {
  test('whatever is used of it refuses, and sends nothing', async () => {
    let kept: Kept | undefined
    await end(async (database) => {
      kept = await everything(database)
    })
    const outcomes: [string, unknown][] = []
    const sent = await sentDuring(async () => {
      for (const [what, use] of Object.entries(uses)) outcomes.push([what, await outcome(use(kept as Kept))])
    })
    expect(outcomes).toEqual(Object.keys(uses).map((what) => [what, ENDED]))
    expect(sent).toEqual([])
  })

  test('whatever cleans up resolves, and sends nothing', async () => {
    let kept: Kept | undefined
    await end(async (database) => {
      kept = await everything(database)
    })
    const outcomes: [string, unknown][] = []
    const sent = await sentDuring(async () => {
      for (const [what, cleanUp] of Object.entries(cleanUps))
        outcomes.push([what, (await outcome((async () => cleanUp(kept as Kept))()))[0]])
    })
    expect(outcomes).toEqual(Object.keys(cleanUps).map((what) => [what, 'resolved']))
    expect(sent).toEqual([])
  })
})

test('a loop over rows that stands still at the end is told why, and does not go on', async () => {
  const [standing, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let [rows, loop] = [0, Promise.resolve<unknown>(undefined)]
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const reading = async () => {
      for await (const _row of pool.stream('SELECT seq FROM seq_1_to_50000')) {
        rows++
        standing.resolve()
        await goOn.promise
      }
    }
    loop = outcome(reading())
    await standing.promise
  })
  await handler({}, contextFor(10_000, 'the-one'))
  const sent = await sentDuring(async () => {
    goOn.resolve()
    expect(await loop).toEqual(ENDED)
  })
  expect(rows).toBeLessThan(100)
  expect(sent).toEqual([])
})

test('timers and promises left behind start nothing', async () => {
  const outcomes: Promise<unknown>[] = []
  const left = Promise.withResolvers<void>()
  const late = (name: string) => outcomes.push(outcome(pool.query(`DO '${name}'`)))
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    await pool.query('DO 1')
    setTimeout(() => {
      late('of a timer')
      left.resolve()
    }, 30)
    setImmediate(() => late('of a turn'))
    void sleep(10).then(() => late('of a promise'))
  })
  await handler({}, contextFor(10_000, 'the-one'))
  expect(await sentDuring(() => left.promise)).toEqual([])
  expect(await Promise.all(outcomes)).toEqual([ENDED, ENDED, ENDED])
})

test('what waits on its connection behind a statement in flight is refused', async () => {
  const outcomes: Promise<unknown>[] = []
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const connection = await pool.getConnection()
    outcomes.push(outcome(connection.query('SELECT SLEEP(0.05) AS nap').then(() => 'answered')))
    outcomes.push(outcome(connection.query("DO 'behind'")), outcome(connection.execute("DO 'behind'")))
  })
  const sent = await sentDuring(() => handler({}, contextFor(10_000, 'the-one')))
  expect(await Promise.all(outcomes)).toEqual([['resolved', 'answered'], ENDED, ENDED])
  expect(sent.filter((text) => text.includes('behind'))).toEqual([])
})

test('what waits for a connection at the end is refused', async () => {
  const outcomes: Promise<unknown>[] = []
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const held = await Promise.all(Array.from({ length: LIMIT }, () => pool.getConnection()))
    outcomes.push(outcome(pool.query("DO 'waiting'")), outcome(pool.getConnection()))
    expect(held).toHaveLength(LIMIT)
  })
  expect(await sentDuring(() => handler({}, contextFor(10_000, 'the-one')))).toEqual([])
  expect(await Promise.all(outcomes)).toEqual([ENDED, ENDED])
})
