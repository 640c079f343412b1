import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

// A connection that dies between acquire and the first byte sent is replaced, and its holder never knows.

const server = databaseForFile({ tls: false })
let proxy: TcpProxy
let pool: Pool

beforeEach(async () => {
  proxy = await TcpProxy.to(server.current)
  pool = createPool({ connection: proxy.url(server.current.url), connectionLimit: 1, onLeak: 'ignore' })
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

/** One that its server has closed since it was lent. */
async function lostConnection() {
  const connection = await pool.getConnection()
  await server.current.killConnections()
  await expect.poll(() => connection.state).toBe('disconnected')
  return connection
}

const ID = 'SELECT CONNECTION_ID() AS id'

test('a statement goes to another connection, in the place of the dead one', async () => {
  const connection = await lostConnection()
  const dead = connection.threadId
  const [[row]] = await connection.query(ID)
  expect(row?.id).not.toBe(dead)
  expect(row?.id).toBe(connection.threadId)
  expect(proxy.opened).toBe(2)
  expect((await server.current.connections()).map(({ Id }) => Id)).toEqual([row?.id])
  connection.release()
  expect(pool.stats()).toMatchObject({ total: 1, idle: 1 })
})

test('several statements go there in their order', async () => {
  const connection = await lostConnection()
  const asked = [
    connection.query('SET @a = 1'),
    connection.query('SET @a = @a + 1'),
    connection.query('SELECT @a AS a'),
  ]
  const answers = await Promise.all(asked)
  expect(answers.at(-1)?.[0]).toEqual([{ a: 2 }])
  expect(proxy.commands.filter(({ text }) => text.includes('@a')).map(({ text }) => text)).toEqual([
    'SET @a = 1',
    'SET @a = @a + 1',
    'SELECT @a AS a',
  ])
})

test.each(['beginTransaction', 'ping', 'reset'] as const)('%s() does, too', async (method) => {
  const connection = await lostConnection()
  await connection[method]()
  expect(connection.state).toBe('authenticated')
})

test('and so does a stream, and a prepared statement', async () => {
  await using streamed = await lostConnection()
  expect(await streamed.stream('SELECT seq FROM seq_1_to_3').toArray()).toHaveLength(3)
  streamed.release()
  await using prepared = await lostConnection()
  const statement = await prepared.prepare('SELECT ? AS one')
  expect((await statement.execute([1]))[0]).toEqual([{ one: 1 }])
})

test('rollback() is nothing: there is nothing to roll back, and no server is asked', async () => {
  const connection = await lostConnection()
  await proxy.refuse()
  await connection.rollback()
  expect(pool.stats().connecting).toBe(0)
  expect(proxy.opened).toBe(1)
})

test('a statement waits for another no longer than it may, and others that wait go on', async () => {
  const connection = await lostConnection()
  await proxy.refuse()
  const patient = connection.query('SELECT 1 AS one')
  const LATE = { code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' }
  await expect(connection.query({ sql: 'SELECT 2', timeout: 50 })).rejects.toMatchObject(LATE)
  const aborting = connection.query({ sql: 'SELECT 3', signal: AbortSignal.timeout(50) })
  await expect(aborting).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-sent' })
  const [error] = await once(connection.stream({ sql: 'SELECT 4', timeout: 50 }), 'error')
  expect(error).toMatchObject(LATE)
  connection.stream('SELECT 5').destroy()
  await proxy.accept()
  expect((await patient)[0]).toEqual([{ one: 1 }])
  await connection.query('SELECT 6')
  expect(proxy.commands.filter(({ text }) => /^SELECT [2-5]/.test(text))).toEqual([])
})

test('one that was used is not replaced: what it held is gone', async () => {
  const connection = await pool.getConnection()
  await connection.query('SET @kept = 1')
  await server.current.killConnections()
  await expect.poll(() => connection.state).toBe('disconnected')
  await expect(connection.query('SELECT @kept AS kept')).rejects.toMatchObject({ outcome: 'not-sent' })
  expect(proxy.opened).toBe(1)
})

test('where there is no other, every call says why', async () => {
  const connection = await lostConnection()
  await proxy.refuse()
  const shorter = pool.wrap(async (_event: unknown, _context: unknown) => pool.query('SELECT 1'))
  const asked = [connection.query(ID), connection.query(ID)]
  await expect(shorter({}, contextFor(300))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  connection.release()
  for (const one of await Promise.allSettled(asked))
    expect(one).toMatchObject({ reason: { code: 'CONNECTION_RELEASED', outcome: 'not-sent' } })
  expect(pool.stats().waiting).toBe(0)
  await expect(connection.query(ID)).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' })
})

test('the invocation’s end and its deadline reach who waits for another', async () => {
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const connection = await lostConnection()
    await proxy.refuse()
    return connection.query(ID)
  })
  await expect(handler({}, contextFor(800))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  expect(pool.stats().waiting).toBe(0)
  await proxy.accept()
})

test('what is asked before rollback() and waits for another connection is rolled back by it', async () => {
  await server.current.query('CREATE TABLE IF NOT EXISTS warmpool.rolled_back (i INT)')
  const connection = await lostConnection()
  const all = [
    connection.beginTransaction(),
    connection.query('INSERT INTO warmpool.rolled_back VALUES (1)'),
    connection.rollback(),
    connection.query('INSERT INTO warmpool.rolled_back VALUES (2)'),
  ]
  await Promise.all(all)
  connection.release()
  expect(await server.current.query('SELECT i FROM warmpool.rolled_back')).toEqual([{ i: 2 }])
})
