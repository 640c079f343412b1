import { once } from 'node:events'
import { createServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { Network } from '../local/src/network/network.ts'
import { createPool, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
const poolOf = (more: PoolOptions = {}) => createPool({ connection: server.current.url, ...more })
/** ER_QUERY_INTERRUPTED: the server has stopped a statement, and undone it. */
const INTERRUPTED = 1317
/** Longer than any of these tests. */
const LONG = 'SELECT SLEEP(60)'

/** Of a server that has fallen silent there is something left. */
afterEach(() => server.current.killConnections())

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    (error: { code: string }) => error.code,
  )

/** Resolves when the server runs such a statement. */
const runs = (text: string) =>
  expect
    .poll(() => server.current.connections().then((all) => all.some(({ Info }) => Info?.includes(text))))
    .toBe(true)

const noneLeft = () => expect.poll(() => server.current.connections()).toEqual([])

async function tableFor(name: string): Promise<{ rows: () => Promise<number[]> }> {
  await server.current.query(`CREATE TABLE ${name} (i INT)`)
  return {
    rows: async () => (await server.current.query(`SELECT i FROM ${name} ORDER BY i`)).map(({ i }) => i),
  }
}

test('a transaction whose callback is under way may go on with its statements, and commits', async () => {
  const table = await tableFor('goes_on')
  const pool = poolOf({ connectionLimit: 1 })
  const begun = Promise.withResolvers<void>()
  const refused = Promise.withResolvers<void>()
  const committed = pool.transaction(async (tx) => {
    await tx.query('INSERT INTO goes_on VALUES (1)')
    begun.resolve()
    await refused.promise
    await tx.query('INSERT INTO goes_on VALUES (2)')
    return 'committed'
  })
  await begun.promise
  const ended = pool.end()
  expect(await codeOf(pool.query('INSERT INTO goes_on VALUES (3)'))).toBe('POOL_ENDED')
  refused.resolve()
  expect(await committed).toBe('committed')
  await ended
  expect(await table.rows()).toEqual([1, 2])
  await noneLeft()
})

test('a transaction that goes on past the timeout is rolled back, and its caller told', async () => {
  const table = await tableFor('too_long')
  const pool = poolOf()
  const work = pool.transaction(async (tx) => {
    await tx.query('INSERT INTO too_long VALUES (1)')
    await tx.query(LONG)
    await tx.query('INSERT INTO too_long VALUES (2)')
  })
  const settled = expect(work).rejects.toMatchObject({ code: 'POOL_ENDED', cause: { errno: INTERRUPTED } })
  await runs(LONG)
  await pool.end({ timeout: 50 })
  await settled
  expect(await table.rows()).toEqual([])
  expect(pool.stats()).toMatchObject({ total: 0, orphaned: 0 })
  await noneLeft()
})

test('a write that is stopped has no effect, and none of those behind it is sent', async () => {
  const table = await tableFor('stopped')
  const pool = poolOf({ connectionLimit: 1 })
  const writes = ['INSERT INTO stopped SELECT SLEEP(60)', 'INSERT INTO stopped VALUES (2)'].map((sql) =>
    pool.query(sql),
  )
  const settled = Promise.allSettled(writes)
  await runs('INSERT INTO stopped')
  await pool.end({ timeout: 50 })
  expect(await settled).toMatchObject([
    { reason: { code: 'POOL_ENDED', cause: { errno: INTERRUPTED } } },
    { reason: { code: 'POOL_ENDED', outcome: 'not-sent' } },
  ])
  await noneLeft()
  expect(await table.rows()).toEqual([])
})

test('a connection that is never given back is taken, and what it is asked for after that refused', async () => {
  const pool = poolOf()
  const told: string[] = []
  pool.on('warning', (message: string) => told.push(message))
  const leaked = await pool.getConnection()
  await leaked.beginTransaction()
  await pool.end({ timeout: 20 })
  expect(await codeOf(leaked.query('SELECT 1'))).toBe('POOL_ENDED')
  leaked.release()
  expect(told).toEqual([
    expect.stringMatching(/^POOL_ENDED: .*timeout of 20 ms.*getConnection\(\).*was held/),
  ])
  await noneLeft()
})

test('a statement left running on a connection that was given back is stopped with the rest', async () => {
  const pool = poolOf()
  const connection = await pool.getConnection()
  const left = expect(connection.query(LONG)).rejects.toMatchObject({
    code: 'POOL_ENDED',
    cause: { errno: INTERRUPTED },
  })
  await runs(LONG)
  connection.release()
  await pool.end({ timeout: 20 })
  await left
  await noneLeft()
})

test('an invocation under way is stopped, and its handler told', async () => {
  const pool = poolOf()
  const invoked = pool.wrap(async () => codeOf(pool.query(LONG)))()
  await runs(LONG)
  await pool.end({ timeout: 20 })
  expect(await invoked).toBe('POOL_ENDED')
  await noneLeft()
})

test('a server that has fallen silent cannot hold it: what ran there is unknown', async () => {
  await using network = await Network.to(server.current)
  const pool = poolOf({ connection: network.url(server.current.url) })
  await Promise.all([pool.query('DO SLEEP(0.01)'), pool.query('SELECT 1')])
  const running = expect(pool.query(LONG)).rejects.toMatchObject({ code: 'POOL_ENDED', outcome: 'unknown' })
  await runs(LONG)
  network.blackhole()
  const began = performance.now()
  await pool.end({ timeout: 50 })
  expect(performance.now() - began).toBeLessThan(2000) // 50, 150 to stop, 200 to say goodbye, and a busy machine
  await running
  expect(pool.stats()).toMatchObject({ total: 0, control: 0, orphaned: 1 })
})

test('a server that falls silent while a connection says goodbye cannot hold it, even with time left', async () => {
  await using network = await Network.to(server.current)
  const pool = poolOf({ connection: network.url(server.current.url) })
  await pool.query('SELECT 1')
  network.blackhole()
  const began = performance.now()
  await pool.end()
  expect(performance.now() - began).toBeLessThan(3000)
  expect(pool.stats().total).toBe(0)
})

test('a server that falls silent while it is asked whether it still works cannot hold it', async () => {
  await using network = await Network.to(server.current)
  const pool = poolOf({
    connection: network.url(server.current.url),
    validateAfter: 0,
    validateTimeout: 60_000,
  })
  await pool.query('SELECT 1')
  await new Promise((resolve) => setTimeout(resolve, 5)) // so that it is asked
  network.blackhole()
  const refused = expect(pool.query('SELECT 2')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  const began = performance.now()
  await pool.end({ timeout: 50 })
  await refused
  expect(performance.now() - began).toBeLessThan(3000)
  expect(pool.stats().total).toBe(0)
})

/** It would wait for longer than a test may take. */
const PATIENT = { connectTimeout: 60_000, acquireTimeout: 60_000 }
const never = () => new Promise<never>(() => {})

test.each<[string, PoolOptions]>([
  ['a password', { connection: { host: '127.0.0.1', user: 'nobody' }, credentials: never }],
  ['an address', { connection: never, name: 'never told' }],
])('waiting for %s that never comes ends with it', async (_what, options) => {
  const pool = createPool({ ...options, ...PATIENT })
  const refused = expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'POOL_ENDED',
    outcome: 'not-sent',
  })
  await pool.end({ timeout: 20 })
  await refused
  expect(pool.stats().total).toBe(0)
})

test('waiting for a server that takes the call and says nothing ends with it', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  const dialled = once(silent, 'connection')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const pool = createPool({ connection: { host: '127.0.0.1', port, user: 'nobody' }, ...PATIENT })
  const refused = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await dialled
  await pool.end({ timeout: 20 })
  await refused
  silent.close()
})

test('a new pool of the same place works while the old one ends, and after it had to stop something', async () => {
  const old = poolOf()
  const running = codeOf(old.query(LONG))
  await runs(LONG)
  const ended = old.end({ timeout: 200 })
  const beside = poolOf()
  expect((await beside.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  await ended
  expect(await running).toBe('POOL_ENDED')
  expect((await beside.query('SELECT 2 AS two'))[0]).toEqual([{ two: 2 }])
  expect(old.stats().total).toBe(0)
  await beside.end()
  const after = poolOf()
  expect((await after.query('SELECT 3 AS three'))[0]).toEqual([{ three: 3 }])
  await after.end()
  await noneLeft()
})

test('a stream that nobody listens to is closed without ending the process', async () => {
  const pool = poolOf({ connectionLimit: 2 })
  const held = await pool.getConnection()
  const rows = 'SELECT seq FROM seq_1_to_1000000'
  const streams = [pool.stream(rows), held.stream(rows), pool.stream(rows)] // the last one waits for a connection
  await Promise.all(streams.slice(0, 2).map((stream) => once(stream, 'readable')))
  await pool.end({ timeout: 50 }) // an `error` event here would be an uncaught exception, and fail the run
  await expect.poll(() => streams.every(({ closed }) => closed)).toBe(true)
  await noneLeft()
})

test('a transaction that would be tried again is told why, not that it is too late for that', async () => {
  const pool = poolOf({ connectionLimit: 1 })
  const lost = Object.assign(new Error('a deadlock'), { errno: 1213 })
  const begun = Promise.withResolvers<void>()
  const transaction = pool.transaction(
    async (tx) => {
      await tx.query('DO SLEEP(0.1)')
      begun.resolve()
      await tx.query('DO SLEEP(0.1)')
      throw lost
    },
    { retries: 3 },
  )
  const told = expect(transaction).rejects.toBe(lost)
  await begun.promise
  await pool.end()
  await told
})

test('a connection that opens for nobody does not hold it', async () => {
  await using network = await Network.to(server.current)
  network.toClient.hold()
  const pool = createPool({
    connection: network.url(server.current.url),
    prewarm: true,
    connectTimeout: 60_000,
  })
  await expect.poll(() => network.opened).toBe(1)
  await pool.end({ timeout: 60_000 }) // or the test takes as long
  await noneLeft()
})

test('handles are counted: only the last end() has something to stop', async () => {
  const [first, second] = [poolOf(), poolOf()]
  const running = first.query('SELECT SLEEP(0.2) AS slept')
  await first.end({ timeout: 1 })
  expect((await running)[0]).toEqual([{ slept: 0 }])
  await second.end()
})
