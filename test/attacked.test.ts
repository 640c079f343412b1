import middy from '@middy/core'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
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
  await using crowded = createPool({ connection: server.current.url, name: 'crowded', deadlineMargin: 2000 })
  const handler = crowded.wrap(async (_event: unknown, _context: unknown) => {
    const all = Array.from({ length: 1000 }, () => crowded.query('SELECT SLEEP(20)'))
    for (const one of await Promise.allSettled(all))
      outcomes.push((one as PromiseRejectedResult).reason.outcome)
  })
  const context = contextFor(4000)
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
