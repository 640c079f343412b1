import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { sessions } from './support/at-deadline.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

/** What attacks on the promises found. */

const server = databaseForFile()
let pool: Pool
const rows = async () => (await server.current.query('SELECT a FROM t ORDER BY a')).map(({ a }) => a)

beforeAll(() => server.current.query('CREATE TABLE t (a INT PRIMARY KEY)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  pool = createPool({
    connection: { uri: server.current.url, multipleStatements: true },
    name: expect.getState().currentTestName as string,
  })
  return () => pool.end()
})

afterEach(() => vi.unstubAllEnvs())

describe('what ends a transaction without saying so', () => {
  test.each(['CREATE TABLE t (x INT)', 'DROP TABLE not_there', 'ANALYZE TABLE t', 'CHECK TABLE t'])(
    '%s: nothing more of it runs',
    async (sql) => {
      const lost = pool.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (1)')
        await tx.query(sql).catch(() => {})
        await tx.query('INSERT INTO t VALUES (2)')
      })
      await expect(lost).rejects.toMatchObject({ code: 'TRANSACTION_LOST', outcome: 'unknown' })
      expect(await rows()).toEqual([1]) // what the server committed by itself
    },
  )

  test.each(['BEGIN', 'START TRANSACTION', 'COMMIT AND CHAIN', '/* now */ begin work'])(
    '%s is refused',
    async (sql) => {
      const refused = pool.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (1)')
        await tx.query(sql)
      })
      await expect(refused).rejects.toMatchObject({ code: 'TRANSACTION_LOST' })
      expect(await rows()).toEqual([])
    },
  )

  test('a statement that fails for its own reasons does not', async () => {
    await pool.transaction(async (tx) => {
      await tx.query('INSERT INTO t VALUES (1)')
      await tx.query('INSERT INTO t VALUES (1)').catch(() => {})
      await tx.query('INSERT INTO t VALUES (2)')
    })
    expect(await rows()).toEqual([1, 2])
  })
})

test('stopping a text of several statements starts none of the later ones', async () => {
  const stopped = pool.query({ sql: 'DO SLEEP(20); INSERT INTO t VALUES (99)', timeout: 100 })
  await expect(stopped).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' })
  await expect.poll(() => pool.stats().total).toBe(0)
  expect(await rows()).toEqual([])
})

test('one context for several calls at once: each handler finds its own database in it', async () => {
  const handler = middy<number>()
    .use(mysqlPool({ pool }))
    .handler(async (a, { db }) => {
      await db.query('DO SLEEP(?)', [a / 20])
      await db.query('INSERT INTO t VALUES (?)', [a])
    })
  const context = contextFor() as never
  await Promise.all([handler(2, context), handler(1, context)])
  expect(await rows()).toEqual([1, 2])
})

test('a deadline with a thousand callers in line is told in time, and what runs is stopped', async () => {
  const outcomes: unknown[] = []
  await using crowded = createPool({ connection: server.current.url, name: 'crowded', deadlineMargin: 6000 })
  const handler = crowded.wrap(async (_event: unknown, _context: unknown) => {
    const all = Array.from({ length: 1000 }, () => crowded.query('SELECT SLEEP(20)'))
    for (const one of await Promise.allSettled(all))
      outcomes.push((one as PromiseRejectedResult).reason.outcome)
  })
  const context = contextFor(7500)
  await handler({}, context)
  expect(outcomes.filter((outcome) => outcome === 'not-sent')).toHaveLength(998)
  expect(outcomes.filter((outcome) => outcome === undefined)).toHaveLength(2)
  expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0)
}, 20_000)

test('who was told of nothing is told: a call after the end', async () => {
  const leaks: string[] = []
  pool.on('leak', ({ what }) => leaks.push(what))
  const late = Promise.withResolvers<void>()
  await pool.wrap(async (_event: unknown, _context: unknown) => {
    setTimeout(() => {
      pool.query('INSERT INTO t VALUES (7)').catch(() => late.resolve())
    }, 20)
  })({}, contextFor())
  await late.promise
  expect(leaks).toEqual(['INSERT INTO t VALUES (?)'])
  expect(await rows()).toEqual([])
})

test('an invocation that nobody ends, ends at its deadline, and takes no other calls', async () => {
  const ended: string[] = []
  pool.on('invocationEnd', ({ endedBy }) => ended.push(endedBy))
  const handler = middy()
    .use(mysqlPool({ pool }))
    .use({
      onError: async () => {
        throw new Error('another')
      },
    })
    .handler(async () => {
      throw new Error('sold out')
    })
  await expect(handler({} as never, contextFor(200) as never)).rejects.toThrow('another')
  await expect.poll(() => ended, { timeout: 2000 }).toEqual(['deadline'])
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
})

test('a timeout that comes when a transaction is committed, and its connection still being cleaned, changes nothing', async () => {
  const { pool: slow, proxy, close } = await openByProxy(server.current, { connectionLimit: 1, name: 'slow' })
  await slow.query('SELECT 1')
  proxy.toServer.delay = 20
  const holding = expect
    .poll(() => proxy.commands.at(-1)?.name, { interval: 1, timeout: 5000 })
    .toBe('RESET')
    .then(() => proxy.toClient.hold()) // from here on the server says nothing
  const committed = slow.transaction(
    async (tx) => {
      await tx.query('SET @left = 1')
      await tx.query('INSERT INTO t VALUES (1)')
      return 'committed'
    },
    { timeout: 400 },
  )
  await holding
  await expect(committed).resolves.toBe('committed')
  proxy.toClient.letGo()
  await close()
  expect(await rows()).toEqual([1])
})

describe('in Lambda, one invocation at a time', () => {
  const records = async (contexts: object[]) => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:1')
    await using lambda = createPool({ connection: server.current.url, name: 'in Lambda', onLeak: 'ignore' })
    const one = lambda.wrap(async (a: number, _context: object) => {
      await lambda.query('DO SLEEP(0.1)')
      await lambda.query('INSERT INTO t VALUES (?)', [a])
    })
    return await Promise.allSettled(contexts.map((context, a) => one(a, context)))
  }

  test('a handler that is called for each record does not end itself', async () => {
    const context = contextFor()
    const outcomes = await records([context, context, context])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect(await rows()).toEqual([0, 1, 2])
  })

  test.each([
    ['another request', () => [contextFor(3000, 'first'), contextFor(3000, 'second')]],
    ['a retry of the same', () => [contextFor(3000, 'same'), contextFor(6000, 'same')]],
    ['one without an id', () => [{}, {}]],
  ])('%s ends what is left of the one before', async (_, contexts) => {
    const outcomes = await records(contexts())
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
    expect(await rows()).toEqual([1])
  })
})

test('a statement that was released in flight does not outlive the deadline', async () => {
  await using late = createPool({
    connection: server.current.url,
    name: 'late',
    deadlineMargin: 400,
    onLeak: 'ignore',
  })
  const told = Promise.withResolvers<Error>()
  const handler = late.wrap(async (_event: unknown, _context: object) => {
    const connection = await late.getConnection()
    connection.query('INSERT INTO t SELECT 5 + SLEEP(0.9)').catch(told.resolve)
    await sleep(50)
    connection.release()
    await sleep(400)
  })
  await handler({}, contextFor(700))
  expect(await told.promise).toMatchObject({ code: 'CONNECTION_RELEASED' })
  expect((await sessions(server.current)).filter(({ text }) => text?.includes('SLEEP'))).toEqual([])
  await sleep(900)
  expect(await rows()).toEqual([])
})

test('a wrong answer of the clock is no deadline', async () => {
  const handler = pool.wrap(
    async (_event: unknown, _context: object) => (await pool.query('SELECT 1 AS one'))[0],
  )
  const context = { getRemainingTimeInMillis: () => Number.NaN }
  expect(await handler({}, context)).toEqual([{ one: 1 }])
})
