import type { Connection } from 'mysql2/promise'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { connectTo, eventually, proxyForTest } from './support/stand-in-proxy/plain-client.ts'
import type { ProxyOptions, StandInProxy } from './support/stand-in-proxy/stand-in-proxy.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query('CREATE TABLE notes (id INT PRIMARY KEY) ENGINE = InnoDB')
  await server.current.query('CREATE TABLE zones (id INT PRIMARY KEY, zone CHAR(6)) ENGINE = InnoDB')
})
const startProxy = (options: ProxyOptions) => proxyForTest(server.current, options)

/** Milliseconds that a statement waits for a server connection. */
const BORROW = 100

function open(proxy: StandInProxy, options: PoolOptions = {}): Pool {
  const { connection } = proxy
  const pool = createPool({ connection, tls: { ca: proxy.ca }, proxy: true, connectionLimit: 1, ...options })
  onTestFinished(() => pool.end({ timeout: 100 }))
  return pool
}

const written = async (): Promise<number> =>
  Number((await server.current.query('SELECT COUNT(*) AS written FROM notes'))[0]?.written)

test('200 clients share 20 database connections, and each sees its own session', async () => {
  const [POOLS, CLIENTS, MOST] = [40, 200, 20]
  const patient = { acquireTimeout: 60_000, connectTimeout: 60_000 } // all of them open at once
  const proxy = await startProxy({ maxConnections: MOST })
  const status = async (name: string) =>
    Number((await server.current.query(`SHOW GLOBAL STATUS LIKE '${name}'`))[0]?.Value)
  await vi.waitFor(async () => expect(await status('Threads_connected')).toBe(1), { timeout: 10_000 })
  await server.current.query('FLUSH STATUS') // from now on the server counts the most that are there at once
  const pools = Array.from({ length: POOLS }, (_, number) => {
    const session = { time_zone: `+0${number % 3}:30` }
    return open(proxy, { ...patient, name: `container ${number}`, connectionLimit: CLIENTS / POOLS, session })
  })
  const poolOf = (id: number) => pools[id % POOLS] as Pool
  const opening = Array.from({ length: CLIENTS }, (_, id) => poolOf(id).getConnection())
  for (const connection of await Promise.all(opening)) connection.release()
  expect(proxy.clients).toBe(CLIENTS)
  const work = Array.from({ length: CLIENTS }, async (_, id) => {
    const pool = poolOf(id)
    const [[before]] = await pool.execute('SELECT @@time_zone AS zone, SLEEP(?) AS slept', [0.002])
    await pool.transaction((tx) => tx.execute('INSERT INTO zones VALUES (?, @@time_zone)', [id]))
    const [[after]] = await pool.query('SELECT zone, @@time_zone AS now FROM zones WHERE id = ?', [id])
    const zone = `+0${(id % POOLS) % 3}:30`
    expect([before?.zone, after?.zone, after?.now]).toEqual([zone, zone, zone])
  })
  await Promise.all(work)
  expect(await status('Max_used_connections')).toBe(MOST + 1) // with the test's own
  expect(proxy.pinned).toEqual([])
  expect(proxy.servers).toMatchObject({ most: MOST, idle: MOST })
  expect(Object.keys(proxy.commands)).toEqual(['QUERY'])
}, 60_000)

describe('what the proxy closes between two invocations costs no error', () => {
  test.each([
    ['because it was idle', { idleClientTimeout: 150 }],
    ['because of its age', { clientLifetime: 150 }],
  ])('%s', async (_, options) => {
    const proxy = await startProxy(options)
    const pool = open(proxy)
    const handler = pool.wrap(async (number: number, _context: object) => {
      const [[row]] = await pool.execute('SELECT ? AS number', [number])
      return row?.number
    })
    for (let number = 1; number <= 3; number++) {
      expect(await handler(number, contextFor())).toBe(number)
      await eventually(() => expect(proxy.clients).toBe(0))
    }
    expect(proxy.commands).toEqual({ QUERY: 3 })
  })
})

describe('where all server connections are taken', () => {
  /** A pool that is connected, and a client that holds the only server connection until it commits. */
  async function full(
    options: ProxyOptions = {},
  ): Promise<{ proxy: StandInProxy; pool: Pool; holder: Connection }> {
    const proxy = await startProxy({ maxConnections: 1, borrowTimeout: BORROW, ...options })
    const pool = open(proxy)
    await pool.query('SELECT 1')
    const holder = await connectTo(proxy)
    await holder.query('START TRANSACTION')
    return { proxy, pool, holder }
  }

  test('a statement fails as one that no server has seen, and its connection is good again after that', async () => {
    const { proxy, pool, holder } = await full()
    await expect(pool.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject({
      errno: 9501,
      outcome: 'not-sent',
      message: expect.stringContaining('Timed-out waiting to acquire database connection'),
    })
    expect(proxy.servers.timeouts).toBe(1) // it is not sent twice
    await holder.query('COMMIT')
    expect(await written()).toBe(0)
    await pool.query('SELECT 1')
    expect(proxy.clients).toBe(2)
  })

  test('a transaction does not begin, and nothing waits for a server connection to undo it', async () => {
    const { proxy, pool } = await full()
    const callback = vi.fn()
    await expect(pool.transaction(callback)).rejects.toMatchObject({ errno: 9501, outcome: 'not-sent' })
    expect(callback).not.toHaveBeenCalled()
    expect(proxy.servers.timeouts).toBe(1)
  })

  test('a transaction with retries begins when one comes free, and is done once', async () => {
    const { proxy, pool, holder } = await full()
    const attempts = vi.fn()
    const done = pool.transaction(
      async (tx) => {
        attempts()
        await tx.query('INSERT INTO notes VALUES (2)')
      },
      { retries: 20 },
    )
    await eventually(() => expect(proxy.servers.timeouts).toBeGreaterThan(0))
    await holder.query('COMMIT')
    await done
    expect(attempts).toHaveBeenCalledOnce()
    expect(await written()).toBe(1)
  })

  test.each([
    ['in the handshake', { borrowAtLogin: true }, {}],
    ['by its first SET', {}, { session: { time_zone: '+01:00' } }],
  ])('connecting is tried again, where it is refused %s', async (_, ofProxy, ofPool) => {
    const { proxy, holder } = await full(ofProxy)
    const pool = open(proxy, { name: 'late', ...ofPool })
    const answered = pool.query('SELECT 1 AS one')
    await Promise.race([answered, eventually(() => expect(proxy.servers.timeouts).toBeGreaterThan(0))])
    await holder.query('COMMIT')
    expect((await answered)[0]).toEqual([{ one: 1 }])
  })
})

test('a proxy that is full of clients is tried again', async () => {
  const proxy = await startProxy({ maxClients: 1 })
  const first = await connectTo(proxy)
  const pool = open(proxy)
  const answered = pool.query('SELECT 1 AS one')
  await eventually(() => expect(proxy.refused).toContain(1040))
  await first.end()
  expect((await answered)[0]).toEqual([{ one: 1 }])
})

test('nothing but statements is sent: not after a pause, not at a deadline, not where state is left behind', async () => {
  const proxy = await startProxy({})
  const pool = open(proxy, { validateAfter: 1, connectionLimit: 2, deadlineMargin: 20 })
  await Promise.all([pool.query('DO 0'), pool.query('DO 0')])
  const late = pool.wrap(async (_event: object, _context: object) => pool.query('SELECT SLEEP(0.5)'))
  await expect(late({}, contextFor(100))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  const [[row]] = await pool.transaction((tx) => tx.execute('SELECT @@tx_isolation AS level'), {
    isolation: 'serializable',
  })
  expect(row?.level).toBe('SERIALIZABLE')
  expect((await pool.query('SELECT @@tx_isolation AS level'))[0]).not.toEqual([row])
  const failing = pool.transaction(async (tx) => {
    await tx.query('INSERT INTO notes VALUES (3)')
    throw new Error('of the callback')
  })
  await expect(failing).rejects.toThrow('of the callback')
  expect((await pool.query('SELECT id FROM notes WHERE id = 3'))[0]).toEqual([])
  await eventually(() => expect(proxy.servers.idle).toBe(proxy.servers.total))
  expect(proxy.pinned).toEqual([])

  await pool.withConnection((connection) => connection.query('SET @left = 1'))
  expect((await pool.query('SELECT @left AS behind'))[0]).toEqual([{ behind: null }])
  expect(proxy.pinned).toMatchObject([{ sql: 'SET @left = 1' }])
  expect(Object.keys(proxy.commands)).toEqual(['QUERY'])
})
