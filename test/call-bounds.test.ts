import { getEventListeners, once } from 'node:events'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { running, sessions } from './support/at-deadline.ts'
import { databaseForFile } from './support/database.ts'
import { type WayToServer, wayTo } from './support/ways-to-server.ts'

const server = databaseForFile()
let way: WayToServer
let pool: Pool

beforeEach(async () => {
  way = await wayTo(server.current)
  pool = createPool({ ...way.options, connectionLimit: 1, acquireTimeout: 5000 })
  await pool.query('SELECT 1')
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await way[Symbol.asyncDispose]()
})

interface Bounds {
  timeout?: number
  signal?: AbortSignal
}

const sql = 'SELECT SLEEP(20) AS slept'
const held = <T>(work: (connection: Awaited<ReturnType<Pool['getConnection']>>) => Promise<T>) =>
  pool.withConnection(work)
const rows = (stream: ReturnType<Pool['stream']>) => stream.toArray()

/** Every call that can be bound. @param bounds its own, and those of a transaction are of that */
const CALLS: Record<string, (bounds: Bounds) => Promise<unknown>> = {
  'pool.query()': (bounds) => pool.query({ sql, ...bounds }),
  'pool.execute()': (bounds) => pool.execute({ sql, ...bounds }),
  'pool.stream()': (bounds) => rows(pool.stream({ sql, ...bounds })),
  'connection.query()': (bounds) => held((connection) => connection.query({ sql, ...bounds })),
  'connection.execute()': (bounds) => held((connection) => connection.execute({ sql, ...bounds })),
  'connection.stream()': (bounds) => held((connection) => rows(connection.stream({ sql, ...bounds }))),
  'tx.query()': (bounds) => pool.transaction((tx) => tx.query({ sql, ...bounds })),
  'transaction()': (bounds) => pool.transaction((tx) => tx.query(sql), bounds),
  'a nested transaction()': (bounds) =>
    pool.transaction((tx) => tx.transaction((part) => part.query(sql), bounds)),
  "mysql2's callbacks": ({ timeout, signal }) =>
    new Promise((resolve, reject) =>
      pool.pool.query({ sql, timeout, signal } as { sql: string }, (error, rows) =>
        error ? reject(error) : resolve(rows),
      ),
    ),
}

describe.each(Object.entries(CALLS))('%s', (_name, call) => {
  test('is stopped on the server when its timeout is over', async () => {
    const stopped = call({ timeout: 100 })
    const told = stopped.catch((error) => error)
    await running(server.current, 'SLEEP(20)')
    expect(await told).toMatchObject({
      code: 'DEADLINE_EXCEEDED',
      statusCode: 504,
      message: expect.stringMatching(
        /^its timeout of 100 ms was over: SELECT SLEEP\(\?\) AS slept .* running for \d+ ms/,
      ),
    })
    await expectStopped()
  })

  test('is stopped on the server when its signal aborts', async () => {
    const controller = new AbortController()
    const reason = new Error('the client has gone')
    const stopped = call({ signal: controller.signal })
    const told = stopped.catch((error) => error)
    await running(server.current, 'SLEEP(20)')
    controller.abort(reason)
    expect(await told).toMatchObject({
      code: 'ABORTED',
      cause: reason,
      message: expect.stringMatching(
        /^its signal was aborted: SELECT SLEEP\(\?\) AS slept .* running for \d+ ms/,
      ),
    })
    await expectStopped()
    expect(getEventListeners(controller.signal, 'abort')).toEqual([])
  })

  test('is refused when its signal had aborted before', async () => {
    const before = way.proxy.commands.length
    const reason = new Error('the client had gone')
    const refused = call({ signal: AbortSignal.abort(reason) })
    await expect(refused).rejects.toMatchObject({ code: 'ABORTED', cause: reason, outcome: 'not-sent' })
    const sent = way.proxy.commands.slice(before)
    expect(sent.filter(({ text }) => text.includes('SLEEP'))).toEqual([])
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })

  test.each([
    ['timeout', 'x' as never],
    ['timeout', -1],
    ['timeout', 1.5],
    ['timeout', 2 ** 31],
    ['signal', {} as never],
    ['signal', null as never],
  ])('refuses %s: %s', async (option, value) => {
    await expect(call({ [option]: value })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(
        new RegExp(`^${option}: received .*; accepted: (an AbortSignal|a whole number)`),
      ),
    })
    expect(pool.stats()).toMatchObject({ opened: 1, idle: 1 })
  })
})

/** And the pool goes on with another connection. */
async function expectStopped(): Promise<void> {
  await expect.poll(() => sessions(server.current), { interval: 5 }).toEqual([])
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  expect(pool.stats()).toMatchObject({ opened: 2, orphaned: 0 })
}

describe('what only waits costs no connection', () => {
  const bounds = {
    timeout: () => ({ timeout: 50 }),
    signal: () => ({ signal: AbortSignal.timeout(50) }),
  }
  const codes = { timeout: 'DEADLINE_EXCEEDED', signal: 'ABORTED' }

  describe.each(['timeout', 'signal'] as const)('by %s', (by) => {
    test.each(Object.keys(CALLS).filter((name) => !/^(connection|tx)|nested/.test(name)))(
      '%s in the pool’s line',
      async (name) => {
        const holder = await pool.getConnection()
        const waiting = CALLS[name]?.(bounds[by]())
        await expect(waiting).rejects.toMatchObject({
          code: codes[by],
          outcome: 'not-sent',
          message: expect.stringMatching(
            /had waited \d+ ms for a connection, behind no other: the only one is held by this invocation: getConnection\(\)/,
          ),
        })
        expect(pool.stats()).toMatchObject({ waiting: 0, inUse: 1, opened: 1 })
        holder.release()
        expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
      },
    )

    test.each(['query', 'execute', 'stream'] as const)(
      '%s() in its connection’s own line',
      async (method) => {
        await held(async (connection) => {
          const running = connection.query('SELECT SLEEP(0.3) AS slept')
          const options = { sql: 'SELECT 2', ...bounds[by]() }
          const waiting = method === 'stream' ? rows(connection.stream(options)) : connection[method](options)
          const behind = connection.query('SELECT 3 AS three')
          await expect(waiting).rejects.toMatchObject({
            code: codes[by],
            outcome: 'not-sent',
            message: expect.stringMatching(/: SELECT \? had waited for others on its connection$/),
          })
          expect((await running)[0]).toEqual([{ slept: 0 }])
          expect((await behind)[0]).toEqual([{ three: 3 }])
        })
        expect(pool.stats()).toMatchObject({ opened: 1, idle: 1 })
        expect(way.proxy.commands.map(({ text }) => text)).not.toContain('SELECT 2')
      },
    )
  })
})

test.each(Object.keys(CALLS))(
  '%s leaves neither a listener nor a timer when it has its answer',
  async (name) => {
    const { signal } = new AbortController()
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const before = timers()
    const told = CALLS[name]?.({ timeout: 20_000, signal }).catch((error) => error)
    await running(server.current, 'SLEEP(20)')
    expect(getEventListeners(signal, 'abort')).toHaveLength(1)
    const [session] = await sessions(server.current)
    await server.current.query(`KILL QUERY ${session?.id}`)
    expect(await told).toMatchObject({ errno: 1317 }) // mysql2's own: nobody of us has stopped it
    expect(getEventListeners(signal, 'abort')).toEqual([])
    expect(timers()).toBeLessThanOrEqual(before)
  },
)

test('an abort after the answer does nothing', async () => {
  const controller = new AbortController()
  const { signal } = controller
  await pool.query({ sql: 'SELECT 1', signal })
  await pool.transaction((tx) => tx.query({ sql: 'SELECT 1', signal }), { signal })
  await rows(pool.stream({ sql: 'SELECT 1', signal }))
  await held(async (connection) => {
    await connection.query({ sql: 'SELECT 1', signal })
    await connection.execute({ sql: 'SELECT 1', signal })
    await rows(connection.stream({ sql: 'SELECT 1', signal }))
    controller.abort()
    expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  })
  expect(pool.stats()).toMatchObject({ opened: 1, idle: 1 })
})

test('a transaction is not tried again when its timeout is over', async () => {
  const began = Date.now()
  const deadlock = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"
  const tried = pool.transaction((tx) => tx.query(deadlock), { retries: 100, timeout: 200 })
  await expect(tried).rejects.toThrow()
  expect(Date.now() - began).toBeLessThan(2000) // 100 pauses are 9 s on average
})

test.each([0, undefined])('a timeout of %s is none, as in mysql2', async (timeout) => {
  const [answer] = await pool.query({ sql: 'SELECT SLEEP(0.05) AS slept', timeout: timeout as number })
  expect(answer).toEqual([{ slept: 0 }])
})

test('a connection that was stopped is dead for its other users', async () => {
  const connection = await pool.getConnection()
  const streaming = connection.stream({ sql, timeout: 100 })
  const behind = connection.query('SELECT 1').catch((error) => error)
  const [error] = await once(streaming, 'error')
  expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  expect(error.outcome).not.toBe('not-sent') // it was
  expect(await behind).toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
  await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
  await connection.rollback()
  connection.release()
})
