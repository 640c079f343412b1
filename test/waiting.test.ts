import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../src/clock.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeEach(async () => {
  proxy = await TcpProxy.to(server.current)
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool?.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

function openPool(options: PoolOptions): Pool {
  pool = createPool({ connection: proxy.url(server.current.url), onLeak: 'ignore', ...options })
  return pool
}

/** Lets so much wall clock go by that idle connections are judged by their age. Timers do not notice. */
function letPass(milliseconds: number): void {
  const later = clock.now() + milliseconds
  vi.spyOn(clock, 'now').mockImplementation(() => later)
}

/** Holds every connection there can be. */
function holdAll(limit: number) {
  return Promise.all(Array.from({ length: limit }, () => pool.getConnection()))
}

describe('first come, first served', () => {
  test('with many callers', async () => {
    openPool({ connectionLimit: 2 })
    const held = await holdAll(2)
    const served: number[] = []
    const callers = Array.from({ length: 200 }, (_, i) =>
      pool.withConnection(async (connection) => {
        served.push(i)
        if (i % 7 === 0) await connection.query('SELECT 1')
      }),
    )
    for (const connection of held) connection.release()
    await Promise.all(callers)
    expect(served).toHaveLength(200)
    // Where the process paused for over a millisecond, the next in line has his connection looked at first, which takes a turn.
    const overtaken = served.filter((caller, i) => served.slice(0, i).some((earlier) => earlier > caller))
    expect(overtaken.length).toBeLessThanOrEqual(2)
  })

  test('who waits is not harmed by another connection’s death', async () => {
    openPool({ connectionLimit: 1 })
    const first = pool.query('SELECT SLEEP(10)')
    const others = [1, 2, 3].map((i) => pool.query('SELECT ? AS i', [i]))
    const settled = Promise.allSettled([first, ...others])
    await expect.poll(() => proxy.commands.at(-1)?.text).toContain('SLEEP')
    await server.current.killConnections()
    const [killed, ...served] = (await settled).map(({ status }) => status)
    expect(killed).toBe('rejected')
    expect(served).toEqual(['fulfilled', 'fulfilled', 'fulfilled'])
    expect(pool.stats().opened).toBe(2)
  })

  test('ten thousand callers are served by two connections', async () => {
    openPool({ connectionLimit: 2 })
    const results = await Promise.all(
      Array.from({ length: 10_000 }, (_, i) => pool.query('SELECT ? AS i', [i])),
    )
    expect(results.map(([rows]) => rows[0]?.i)).toEqual(results.map((_, i) => i))
    expect(pool.stats()).toMatchObject({ opened: 2, waiting: 0 })
  })
})

describe('a replacement keeps the caller’s place', () => {
  const inOrder = async () => {
    const served: string[] = []
    const ask = (name: string) => pool.withConnection(async () => served.push(name))
    await Promise.all([ask('first'), ask('second'), ask('third')])
    expect(served).toEqual(['first', 'second', 'third'])
    expect(pool.stats().opened).toBeGreaterThan(1)
  }

  test('when the connection is too old', async () => {
    openPool({ connectionLimit: 1 })
    await pool.query('SELECT 1')
    letPass(300_001)
    await inOrder()
  })

  test('when it has become too old while they waited', async () => {
    openPool({ connectionLimit: 1, maxLifetime: 30 })
    const [held] = await holdAll(1)
    const served = inOrder()
    await sleep(40)
    held?.release()
    await served
  })

  test('when it has died without a sound', async () => {
    openPool({ connectionLimit: 1, validateTimeout: 200 })
    await pool.query('SELECT 1')
    proxy.toClient.hold()
    vi.spyOn(clock, 'now').mockImplementation(() => Date.now() + 20_000)
    const served = inOrder()
    await expect.poll(() => pool.stats()).toMatchObject({ connecting: 1, total: 1 })
    proxy.toClient.letGo()
    await served
  })

  test('and waiting for the old one was not time spent on connecting', async () => {
    openPool({ connectionLimit: 1, connectTimeout: 400 })
    const [held] = await holdAll(1)
    const waiting = pool.query('SELECT 1 AS one')
    await sleep(500)
    held?.destroy()
    expect((await waiting)[0]).toEqual([{ one: 1 }])
  })
})

describe('a deadline', () => {
  test('names those who hold the connections', async () => {
    openPool({ connectionLimit: 2, acquireTimeout: 50 })
    await pool.getConnection()
    const running = pool.query('SELECT  SLEEP(0.3)')
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'ACQUIRE_TIMEOUT',
      retryable: true,
      outcome: 'not-sent',
      message: expect.stringMatching(
        /^SELECT \? \(outside an invocation\) waited \d+ ms for a connection, behind no other: all 2 are held by this invocation: getConnection\(\) \(outside an invocation\), SELECT SLEEP\(\?\) \(outside an invocation\)$/,
      ),
    })
    await running
  })

  test('says so when it is the invocation itself that holds them all', async () => {
    openPool({ connectionLimit: 2, acquireTimeout: 50 })
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      await holdAll(2)
      await pool.query('SELECT 1')
    })
    await expect(handler({}, contextFor(3000, 'r-1'))).rejects.toThrow(
      /all 2 are held by this invocation: getConnection\(\) \(invocation r-1\), getConnection\(\) \(invocation r-1\)$/,
    )
  })

  test('says so when they are those of another', async () => {
    openPool({ connectionLimit: 1, acquireTimeout: 50 })
    const holder = pool.wrap(async (_event: unknown, _context: unknown) => {
      await pool.query('SELECT SLEEP(0.3)')
    })
    const waiter = pool.wrap(async (_event: unknown, _context: unknown) => {
      await pool.query('SELECT 1')
    })
    const holding = holder({}, contextFor(3000, 'r-1'))
    await expect(waiter({}, contextFor(3000, 'r-2'))).rejects.toThrow(
      /^SELECT \? \(invocation r-2\) waited \d+ ms for a connection, behind no other: the only one is held by SELECT SLEEP\(\?\) \(invocation r-1\)$/,
    )
    await holding
  })

  test('is that of the invocation when that comes first', async () => {
    openPool({ connectionLimit: 1 })
    await pool.getConnection()
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      await pool.query('SELECT 1')
    })
    await expect(handler({}, contextFor(200, 'r-1'))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      message: expect.stringContaining(
        'for a connection, behind no other: the only one is held by getConnection()',
      ),
    })
  })

  test('is everybody’s own, whatever happens in the line', async () => {
    openPool({ connectionLimit: 1, acquireTimeout: 200 })
    await pool.getConnection()
    const failed: string[] = []
    const wait = (name: string) => pool.query('SELECT 1').catch(() => failed.push(name))
    const early = [wait('early'), wait('early')]
    await sleep(120)
    const late = wait('late')
    await Promise.all(early)
    expect(failed).toEqual(['early', 'early'])
    expect(pool.stats().waiting).toBe(1)
    await late
    expect(pool.stats().waiting).toBe(0)
  })

  test('says how far the connecting has come', async () => {
    openPool({ connectionLimit: 2, acquireTimeout: 50 })
    const [held] = await holdAll(1)
    proxy.toClient.hold()
    await expect(pool.query('SELECT 1')).rejects.toThrow(
      /: of 2, connecting to 127\.0\.0\.1:\d+ \(attempt 1; so far the connection was taken but no server spoke in time; look at .*\), 1 held by getConnection\(\) \(outside an invocation\)$/,
    )
    proxy.toClient.letGo()
    held?.release()
  })
})

test('who slept for longer than he may wait has not waited: he may once more, and no more than that', async () => {
  openPool({ connectionLimit: 1, acquireTimeout: 300 })
  const [held] = await holdAll(1)
  const waiting = pool.query('SELECT 1 AS one')
  standStill(1000)
  await sleep(50)
  held?.release()
  expect((await waiting)[0]).toEqual([{ one: 1 }])
  const [again] = await holdAll(1)
  const never = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
  standStill(1000)
  await never
  again?.release()
})

/** The event loop does, as in a freeze. */
function standStill(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

test('a connection that comes too late for its caller goes to the pool', async () => {
  openPool({ connectionLimit: 1, acquireTimeout: 100 })
  proxy.toClient.hold()
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'ACQUIRE_TIMEOUT' })
  expect(pool.stats()).toMatchObject({ connecting: 1, waiting: 0 })
  proxy.toClient.letGo()
  await expect.poll(() => pool.stats().idle).toBe(1)
  await pool.query('SELECT 1')
  expect(pool.stats().opened).toBe(1)
})

test('queueLimit refuses those for whom there is no room to wait', async () => {
  openPool({ connectionLimit: 2, queueLimit: 1 })
  const query = (i: number) => pool.query('SELECT SLEEP(0.05), ? AS i', [i])
  const settled = await Promise.allSettled([1, 2, 3, 4, 5].map(query)) // two connect, one waits
  expect(settled.map(({ status }) => status)).toEqual([
    'fulfilled',
    'fulfilled',
    'fulfilled',
    'rejected',
    'rejected',
  ])
  expect(settled[3]).toMatchObject({
    reason: {
      code: 'POOL_QUEUE_FULL',
      outcome: 'not-sent',
      message:
        'SELECT SLEEP(?), ? AS i (outside an invocation) was refused: 1 caller is waiting for a connection already (queueLimit)',
    },
  })
  await Promise.all([1, 2, 3].map(query))
})
