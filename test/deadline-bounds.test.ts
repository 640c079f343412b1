import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { atDeadline } from './support/at-deadline.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { close, oneConnection, type WayToServer, wayTo } from './support/ways-to-server.ts'

const MARGIN = 400

const server = databaseForFile()
let way: WayToServer
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)'))
beforeEach(async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  way = await wayTo(server.current)
  await server.current.query('REPLACE INTO t VALUES (1, 0), (2, 0)')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await close(way, pool)
})

function open(options: PoolOptions = {}): void {
  pool = createPool({ ...oneConnection(way, MARGIN), ...options })
}

const never = () => new Promise<never>(() => {})
const hold = () => way.proxy.toClient.hold()

/** What the deadline bounds: what is done, with which options; each would take for ever. */
const WAITS: Record<string, [work: () => Promise<unknown>, options?: () => PoolOptions]> = {
  'connecting to who does not answer': [
    () => {
      hold()
      return pool.query('SELECT 1')
    },
  ],
  'a credentials function': [
    () => pool.query('SELECT 1'),
    () => ({ connection: { host: '127.0.0.1', port: way.proxy.port }, tls: false, credentials: never }),
  ],
  'a connection function': [
    () => pool.query('SELECT 1'),
    () => ({ connection: never, name: 'never known', tls: false }),
  ],
  'waiting for a connection': [
    async () => {
      await pool.detach(() => pool.getConnection())
      await pool.query('SELECT 1')
    },
  ],
  'a validation': [
    async () => {
      await pool.query('SELECT 1')
      hold()
      await new Promise((resolve) => setTimeout(resolve, 5))
      await pool.query('SELECT 1')
    },
    () => ({ validateAfter: 1, validateTimeout: 60_000 }),
  ],
  'a query': [
    async () => {
      await pool.query('SELECT 1')
      hold()
      await pool.query('SELECT 1')
    },
  ],
  'the beginning of a transaction': [
    async () => {
      await pool.query('SELECT 1')
      hold()
      await pool.transaction(never)
    },
  ],
  'a lock': [
    async () => {
      await server.current.query('BEGIN')
      await server.current.query('UPDATE t SET v = 1 WHERE id = 1')
      await pool
        .transaction((tx) => tx.query('UPDATE t SET v = 2 WHERE id = 1'))
        .finally(() => server.current.query('ROLLBACK'))
    },
  ],
  'a savepoint': [
    () =>
      pool.transaction((tx) => {
        hold()
        return tx.transaction(async () => {})
      }),
  ],
  'a COMMIT': [() => pool.transaction(async () => hold())],
  'a ping': [
    () =>
      pool.withConnection((connection) => {
        hold()
        return connection.ping()
      }),
  ],
  'a reset': [
    () =>
      pool.withConnection((connection) => {
        hold()
        return connection.reset()
      }),
  ],
}

describe('the deadline bounds', () => {
  test.each(Object.entries(WAITS))('%s', async (_what, [work, options]) => {
    open({ validateAfter: 60_000, ...options?.() })
    const { error, left } = await atDeadline(pool, MARGIN, work)
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', statusCode: 504 })
    expect(left).toBeGreaterThan(0)
    expect(left).toBeLessThanOrEqual(MARGIN)
  })

  test('connecting to who refuses: given up at the latest then, or where there is no time for another attempt', async () => {
    open({ connection: { host: '127.0.0.1', port: 1 } })
    const { error, left } = await atDeadline(pool, MARGIN, () => pool.query('SELECT 1'))
    expect(error.outcome).toBe('not-sent')
    if (error.code === 'DEADLINE_EXCEEDED') return // came while it was trying
    expect(error.code).toBe('CONNECT_FAILED')
    expect(error.message).toMatch(
      /^cannot connect to 127\.0\.0\.1:1 as .*ECONNREFUSED.*; \d+ attempts?, \d+ ms\)$/,
    )
    expect(left).toBeGreaterThan(0)
  })

  test('attempts of a transaction, and the pauses between them', async () => {
    open()
    let attempts = 0
    const { error, left } = await atDeadline(pool, MARGIN, () =>
      pool.transaction(
        async (tx) => {
          attempts++
          await tx.query("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213")
        },
        { retries: 100 },
      ),
    )
    expect(attempts).toBeGreaterThan(1)
    expect(attempts).toBeLessThan(100)
    expect(left).toBeGreaterThan(0)
    expect(['DEADLINE_EXCEEDED', 'ER_LOCK_DEADLOCK']).toContain(error.code)
  })
})

/** Ways to give a connection back that has to be cleaned first. */
const RELEASES: Record<string, () => Promise<unknown>> = {
  'the rollback of a transaction whose callback throws': () =>
    pool.transaction(async (tx) => {
      await tx.query('UPDATE t SET v = 1')
      hold()
      throw new Error('sold out')
    }),
  'the reset after withConnection()': () =>
    pool.withConnection(async (connection) => {
      await connection.query('SET @left = 1')
      hold()
    }),
  'the reset after a query, for the next': async () => {
    await pool.query('SELECT 1')
    await pool.query('SET @left = 1').finally(hold)
    await pool.query('SELECT 1')
  },
}

describe('the deadline bounds, at a release,', () => {
  test.each(Object.entries(RELEASES))('%s', async (_what, work) => {
    open()
    const handler = pool.wrap(async (_event: unknown, context: ReturnType<typeof contextFor>) => {
      await work().catch(() => {})
      expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0)
    })
    const context = contextFor(MARGIN + 200)
    await handler({}, context)
    expect(context.getRemainingTimeInMillis()).toBeGreaterThan(0)
  })
})
