import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

// The server's lease (wait_timeout) also runs while a connection is held: what is quiet for long is pinged in time.

const server = databaseForFile({ tls: false })
beforeAll(() => server.current.query('CREATE TABLE paused (what VARCHAR(20) PRIMARY KEY)'))

/** A pool of its own for each test, as they run at once. @param lease seconds */
async function open(lease: number, options: PoolOptions = {}) {
  const way = await openByProxy(server.current, { session: { wait_timeout: lease }, ...options })
  const pings = () => way.proxy.commands.filter(({ name }) => name === 'PING').length
  const pinged = () => vi.waitFor(() => expect(pings()).toBe(1), { timeout: 10_000, interval: 5 })
  return { ...way, pings, pinged, [Symbol.asyncDispose]: way.close }
}

const INSERT = 'INSERT INTO paused VALUES (?)'

async function pausing(pool: Pool, pause: number, what: string): Promise<void> {
  await pool.transaction(async (tx) => {
    await tx.query(INSERT, [`${what}, before`])
    await sleep(pause)
    await tx.query(INSERT, [`${what}, after`])
  })
}

describe.concurrent('what is held and quiet', () => {
  test('survives a pause of twice the lease', async () => {
    const LONG = 4200
    await using way = await open(2, { connectionLimit: 3 }) // two seconds: a busy machine is late, but not by a third of that
    const { pool } = way
    const handler = pool.wrap((_event: unknown, _context: object) => pausing(pool, LONG, 'invocation'))
    const held = pool.withConnection(async (connection) => {
      await connection.query('SET @kept = 1')
      await sleep(LONG)
      return (await connection.query('SELECT @kept AS kept'))[0]
    })
    await Promise.all([pausing(pool, LONG, 'outside'), handler({}, contextFor(LONG + 20_000)), held])
    expect(await held).toEqual([{ kept: 1 }])
    const whole = ['invocation, after', 'invocation, before', 'outside, after', 'outside, before']
    expect(await server.current.query('SELECT what FROM paused ORDER BY what')).toEqual(
      whole.map((what) => ({ what })),
    )
    expect(way.proxy.opened).toBe(3)
  })

  test('a statement that comes while a ping is under way is next, and nothing shows afterwards', async () => {
    await using way = await open(1)
    const connection = await way.pool.getConnection()
    await connection.query('SELECT 1')
    way.proxy.toClient.hold()
    await way.pinged()
    const asked = connection.query('SELECT 2 AS two')
    await sleep(20)
    expect(way.proxy.commands.at(-1)?.name).toBe('PING')
    way.proxy.toClient.letGo()
    expect((await asked)[0]).toEqual([{ two: 2 }])
    connection.release()
    await way.pool.query('SELECT 3')
    expect(way.proxy.commands.at(-1)?.text).toBe('SELECT 3')
    expect(way.proxy.commands.filter(({ name }) => name !== 'PING').map(({ text }) => text)).toEqual([
      'SET SESSION wait_timeout = 930, SESSION `wait_timeout` = 1',
      'SELECT 1',
      'SELECT 2 AS two',
      'SELECT 3',
    ])
    expect(way.proxy.opened).toBe(1)
  })

  test('what stands behind a ping when the connection is lost was not sent', async () => {
    await using way = await open(1)
    const connection = await way.pool.getConnection()
    way.proxy.toClient.hold()
    await way.pinged()
    const asked = connection.query('SELECT 1')
    way.proxy.cut()
    await expect(asked).rejects.toMatchObject({ outcome: 'not-sent' })
  })

  test('what is at work is not pinged', async () => {
    await using way = await open(1)
    await way.pool.withConnection(async (connection) => {
      await Promise.all([connection.query('SELECT SLEEP(0.8)'), connection.query('SELECT 1')])
      await connection.query('SELECT 2') // what had been put behind the others would be there by now
      expect(way.pings()).toBe(0)
    })
  })

  test('through a proxy nothing is', async () => {
    await using way = await open(1, { proxy: true, tls: false, name: 'proxied and quiet' })
    await way.pool.withConnection(async (connection) => {
      await connection.query('SELECT 1')
      await sleep(900)
      expect(way.pings()).toBe(0)
    })
  })
})

test('nothing is sent after the deadline, though the ping was due before it', async () => {
  await using way = await open(1, { deadlineMargin: 100, connectionLimit: 1 })
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const handler = way.pool.wrap(async (_event: unknown, _context: object) => {
    await way.pool.getConnection()
    // The loop stands still from before both until after both.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 520)
    await sleep(20)
  })
  await way.pool.query('SELECT 1')
  await handler({}, contextFor(480)).catch(() => {})
  expect(way.pings()).toBe(0)
  vi.restoreAllMocks()
})

describe('the timer', () => {
  /** A third of a lease that no other timer is as long as, milliseconds. */
  const EVERY = 4_321_000
  let pool: Pool
  afterEach(async () => {
    vi.restoreAllMocks()
    await pool.end()
  })

  /** What there is of it: how many were started, which of them still run, and which keep the process alive. */
  function watch() {
    const [started, cleared] = [vi.spyOn(globalThis, 'setTimeout'), vi.spyOn(globalThis, 'clearTimeout')]
    pool = createPool({
      connection: server.current.url,
      session: { wait_timeout: (3 * EVERY) / 1000 },
      onLeak: 'ignore',
    })
    return () => {
      const timers = started.mock.results
        .filter((_, at) => started.mock.calls[at]?.[1] === EVERY)
        .map(({ value }) => value as NodeJS.Timeout)
      const gone = new Set(cleared.mock.calls.map(([timer]) => timer))
      const running = timers.filter((timer) => !gone.has(timer))
      return {
        started: timers.length,
        running: running.length,
        alive: running.filter((timer) => timer.hasRef()).length,
      }
    }
  }

  test('is not there for single statements', async () => {
    const seen = watch()
    await Promise.all([pool.query('SELECT 1'), pool.execute('SELECT 2'), pool.stream('SELECT 3').toArray()])
    expect(seen()).toEqual({ started: 0, running: 0, alive: 0 })
  })

  test('is one for all that is held, as long as anything is, and keeps nothing alive', async () => {
    const seen = watch()
    const first = await pool.getConnection()
    await pool.transaction(async () => {
      expect(seen()).toEqual({ started: 1, running: 1, alive: 0 })
      first.release()
      expect(seen()).toMatchObject({ running: 1 })
    })
    expect(seen()).toEqual({ started: 1, running: 0, alive: 0 })
  })

  test.each<[what: string, lose: (id: number) => Promise<unknown>]>([
    ['destroyed', async () => {}],
    ['lost', (id) => server.current.query(`KILL ${id}`)],
  ])('is gone with a connection that is %s', async (what, lose) => {
    const seen = watch()
    const connection = await pool.getConnection()
    expect(seen()).toMatchObject({ running: 1 })
    await lose(connection.threadId)
    if (what === 'destroyed') connection.destroy()
    await expect.poll(seen).toMatchObject({ running: 0 })
  })

  test('is gone with the invocation that has left a connection behind', async () => {
    const seen = watch()
    const handler = pool.wrap(async (_event: unknown, _context: object) => void (await pool.getConnection()))
    await handler({}, contextFor())
    expect(seen()).toMatchObject({ started: 1, running: 0 })
  })
})
