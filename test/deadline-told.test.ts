import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { atDeadline, running } from './support/at-deadline.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { close, oneConnection, type WayToServer, wayTo } from './support/ways-to-server.ts'

const MARGIN = 300

const server = databaseForFile()
let way: WayToServer
let pool: Pool
let lines: string[]
let warnings: string[]

beforeEach(async () => {
  way = await wayTo(server.current)
  lines = []
  vi.spyOn(console, 'warn').mockImplementation((line) => void lines.push(line))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await close(way, pool)
})

function open(options: PoolOptions = {}): void {
  pool = createPool({ ...oneConnection(way, MARGIN), ...options })
  warnings = []
  pool.on('warning', (message) => warnings.push(message))
}

/** One line, to the log and to whoever listens. @param what of what was under way */
function expectTold(what: RegExp): void {
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^warmpool: DEADLINE_EXCEEDED: ${what.source}$`))])
  expect(warnings).toEqual(lines.map((line) => line.replace('warmpool: ', '')))
}

describe('the deadline is told in one line: that it', () => {
  test('ran a statement, without the values in it', async () => {
    open()
    const late = await atDeadline(pool, MARGIN, () => pool.query("SELECT 'mine', SLEEP(?)", [20]))
    const what =
      /SELECT \?, SLEEP\(\?\) \(invocation request-\d+\) had been running for \d+ ms on connection \d+/
    expectTold(what)
    expect(late.error.message).toMatch(
      new RegExp(`^the time was up: ${what.source}; the server has stopped it`),
    )
  })

  test('waited behind others for what somebody else holds', async () => {
    open()
    const holder = await pool.detach(() => pool.getConnection())
    const { error } = await atDeadline(pool, MARGIN, () =>
      Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2'), pool.query("SELECT 'mine'")]),
    )
    const waited = (others: string) =>
      `SELECT \\? \\(invocation request-\\d+\\) had waited \\d+ ms for a connection, behind ${others}: the only one is held by getConnection\\(\\) \\(outside an invocation\\)`
    expectTold(new RegExp(['no other', '1 other', '2 others'].map(waited).join('; ')))
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
    expect(error.message).toMatch(new RegExp(`^the time was up: ${waited('no other')}$`))
    holder.release()
  })

  test('held a connection for nothing', async () => {
    open()
    const { error } = await atDeadline(pool, MARGIN, async () => {
      const connection = await pool.getConnection()
      await new Promise((resolve) => pool.signal.addEventListener('abort', resolve))
      await connection.query('SELECT 1')
    })
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expectTold(/getConnection\(\) \(invocation request-\d+\) was held, and nothing ran on it/)
  })

  test('was connecting to where nobody listens, and what was in the way', async () => {
    open({ connection: { host: '127.0.0.1', port: 1 } })
    const other = pool.detach(() => pool.query('SELECT 2')).catch((error) => error) // whose time is longer
    await atDeadline(pool, MARGIN, () => pool.query('SELECT 1'), 400)
    expectTold(
      /SELECT \? \(invocation request-\d+\) had waited \d+ ms for a connection, behind 1 other: of 1, connecting to 127\.0\.0\.1:1 \(attempt \d+; before that: nothing listens there, or the server is down; look at host, port .*\)/,
    )
    await pool.end({ timeout: 0 })
    await other
  })

  test('was connecting to where nobody answers', async () => {
    open()
    way.proxy.toClient.hold()
    const { error, left } = await atDeadline(pool, MARGIN, () => pool.query('SELECT 1'))
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
    expect(left).toBeGreaterThan(0)
    expectTold(
      new RegExp(
        `SELECT \\? \\(invocation request-\\d+\\) had waited \\d+ ms for a connection, behind no other: of 1, connecting to localhost:${way.proxy.port} \\(attempt 1; so far the connection was taken but no server spoke in time; look at [^)]*\\)`,
      ),
    )
  })

  test('did a few things of many', async () => {
    open()
    await atDeadline(pool, MARGIN, () =>
      Promise.all(Array.from({ length: 20 }, () => pool.query('SELECT SLEEP(20)'))),
    )
    expect(lines).toHaveLength(1)
    expect(lines[0]).toMatch(/; and 15 more$/)
    expect(lines[0]).not.toContain('\n')
  })
})

test('a deadline that meets nothing is not told', async () => {
  open()
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    await pool.query('SELECT 1')
    await new Promise((resolve) => pool.signal.addEventListener('abort', resolve))
  })
  await handler({}, contextFor(MARGIN + 100))
  expect(lines).toEqual([])
})

describe('ACQUIRE_TIMEOUT', () => {
  test('names who holds the connections, by method and request id', async () => {
    open({ connectionLimit: 2, acquireTimeout: 100 })
    const holder = pool.wrap(async (_event: unknown, _context: unknown) => {
      await using _ = await pool.getConnection()
      await pool.query('SELECT SLEEP(0.3)')
    })
    const waiter = pool.wrap((_event: unknown, _context: unknown) => pool.query('SELECT 1'))
    const holding = holder({}, contextFor(3000, 'r-1'))
    await running(server.current, 'SLEEP')
    await expect(waiter({}, contextFor(3000, 'r-2'))).rejects.toMatchObject({
      code: 'ACQUIRE_TIMEOUT',
      message: expect.stringMatching(
        /: all 2 are held by getConnection\(\) \(invocation r-1\), SELECT SLEEP\(\?\) \(invocation r-1\)$/,
      ),
    })
    await holding
  })

  test('tells two transactions that both use the pool inside what they wait for', async () => {
    open({ connectionLimit: 2, acquireTimeout: 1000 })
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      const inside = Promise.withResolvers<void>()
      let arrived = 0
      const one = () =>
        pool.transaction(async (tx) => {
          await tx.query('SELECT 1')
          if (++arrived === 2) inside.resolve()
          await inside.promise
          await pool.query('SELECT 2')
        })
      return Promise.allSettled([one(), one()])
    })
    const outcomes = await handler({}, contextFor(3000, 'r-1'))
    const holder = String.raw`transaction\(\) \(invocation r-1\)`
    const message = new RegExp(
      String.raw`all 2 are held by this invocation: ${holder}, ${holder}; it was asked for inside a transaction\(\) callback, which has a connection of its own: use its tx, or raise connectionLimit$`,
    )
    const reasons = outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason)
    // The other one is told when the first has given its connection back.
    expect(reasons.map(({ code }) => code)).toContain('ACQUIRE_TIMEOUT')
    expect(reasons.map((error) => error.message)).toContainEqual(expect.stringMatching(message))
  })
})

test('a query of the pool inside a transaction’s callback is told once, with its place', async () => {
  open({ connectionLimit: 2 })
  const beside = () =>
    pool.transaction(async (tx) => {
      await tx.query('SELECT 1')
      await pool.query("SELECT 'mine'")
    })
  const handler = pool.wrap((_event: unknown, _context: unknown) => beside())
  await handler({}, contextFor(3000, 'r-1'))
  await handler({}, contextFor(3000, 'r-2'))
  const expected =
    /^SELECT \? inside a transaction\(\) callback does not go through its tx: .*\n +at .*deadline-told\.test\.ts/
  expect(warnings).toEqual([expect.stringMatching(expected)])
})

test.each<[string, unknown]>([
  ['no context', undefined],
  ['null', null],
  ['an empty context', {}],
  ['a context without a clock', { awsRequestId: 'r-1' }],
])('%s is no deadline', async (_what, context) => {
  open()
  const handler = pool.wrap(async (_event: unknown, _context?: unknown) => {
    const [rows] = await pool.query('SELECT SLEEP(0.4) AS slept')
    expect(pool.signal.aborted).toBe(false)
    return rows
  })
  expect(await handler({}, context)).toEqual([{ slept: 0 }])
  expect(await handler({})).toEqual([{ slept: 0 }])
  expect(lines).toEqual([])
})
