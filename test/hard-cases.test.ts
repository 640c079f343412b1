import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool

beforeAll(async () => {
  await server.current.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50))')
  await server.current.query('CREATE DATABASE other')
  await server.current.query(`GRANT ALL ON other.* TO '${server.current.user}'@'%'`)
})
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  await server.current.query("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
  const connection = { uri: server.current.url, multipleStatements: true }
  pool = createPool({ connection, connectionLimit: 1, onLeak: 'ignore', session: { time_zone: '+05:00' } })
})
afterEach(() => pool.end())

const invoke = <T>(work: (pool: Pool) => Promise<T>): Promise<T> =>
  pool.wrap((_event: unknown, _context: unknown) => work(pool))({}, contextFor())
const values = async () =>
  (await server.current.query('SELECT v FROM t WHERE id > 2 ORDER BY id')).map((row) => row.v)

describe('the next invocation sees nothing of', () => {
  test('a transaction that was opened behind another statement', async () => {
    await invoke(async () => {
      const connection = await pool.getConnection()
      await Promise.all([
        connection.query("INSERT INTO t VALUES (3, 'before')"),
        connection.query("START TRANSACTION; INSERT INTO t VALUES (4, 'half'); SELECT 1"),
      ])
      connection.release()
    })
    await invoke(() => pool.query("INSERT INTO t VALUES (5, 'next')"))
    expect(await values()).toEqual(['before', 'next'])
  })

  test.each<[string, (connection: Awaited<ReturnType<Pool['getConnection']>>) => Promise<unknown>]>([
    ['USE and then a reset', async (c) => [await c.query('USE other'), await c.reset()]],
    ['a reset and USE at once', (c) => Promise.all([c.reset(), c.query('USE other')])],
    ['a USE prepared by hand', async (c) => (await c.prepare('USE other')).execute([])],
    ['a reset that was not awaited', async (c) => void c.reset()],
    ['a paused connection', async (c) => c.pause()],
  ])('%s', async (_what, work) => {
    await invoke(async () => {
      const connection = await pool.getConnection()
      await work(connection)
      connection.release()
    })
    const [[row]] = await invoke(() => pool.query('SELECT DATABASE() AS db, @@session.time_zone AS zone'))
    expect(row).toEqual({ db: server.current.database, zone: '+05:00' })
  })
})

describe('transaction() does all of it or nothing', () => {
  const other = () => createPool({ connection: server.current.url, name: 'other' })

  test('after a deadlock that the callback swallowed', async () => {
    const wide = other()
    const cross = (first: number, second: number) =>
      wide.transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (?, ?)', [first + 10, `debit ${first}`])
        await tx.query('UPDATE t SET v = ? WHERE id = ?', ['x', first])
        await sleep(100)
        await tx.query('UPDATE t SET v = ? WHERE id = ?', ['y', second]).catch(() => {})
        await tx.query('INSERT INTO t VALUES (?, ?)', [first + 20, `credit ${first}`])
      })
    const outcomes = await Promise.allSettled([cross(1, 2), cross(2, 1)])
    await wide.end()
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled') + 1
    expect(outcomes.filter(({ status }) => status === 'rejected')).toMatchObject([
      { reason: { code: 'TRANSACTION_LOST', cause: { errno: 1213 } } },
    ])
    expect(await values()).toEqual([`debit ${winner}`, `credit ${winner}`])
  })

  test('after a statement that commits by itself', async () => {
    const lost = pool.transaction(async (tx) => {
      await tx.query('CREATE TABLE IF NOT EXISTS made (a INT)')
      await tx.query("INSERT INTO t VALUES (3, 'after')")
    })
    await expect(lost).rejects.toMatchObject({ code: 'TRANSACTION_LOST' })
    expect(await values()).toEqual([])
  })

  test('what is started when its callback has returned is refused', async () => {
    let late: Promise<unknown> | undefined
    await pool.transaction(async (tx) => {
      await tx.query("INSERT INTO t VALUES (3, 'in')")
      setImmediate(() => {
        late = tx.query("INSERT INTO t VALUES (4, 'late')")
        late.catch(() => {})
      })
    })
    await expect(late).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' })
    expect(await values()).toEqual(['in'])
  })
})

test("a listener's error is its own: the query is answered and the connection stays in use", async () => {
  const thrown: unknown[] = []
  const caught = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  for (const name of ['connection', 'acquire', 'release'] as const)
    pool.on(name, () => {
      throw new Error(name)
    })
  for (let i = 0; i < 3; i++) expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  await sleep(5)
  process.removeAllListeners('uncaughtException')
  for (const listener of caught) process.on('uncaughtException', listener)
  expect(thrown).toHaveLength(7)
  expect(pool.stats()).toMatchObject({ idle: 1, opened: 1 })
})

test("with onLeak 'throw' the handler's own error is not lost", async () => {
  const strict = createPool({ connection: server.current.url, name: 'strict', onLeak: 'throw' })
  const handler = strict.wrap(async (_event: unknown, _context: unknown) => {
    await strict.getConnection()
    throw new Error('the real one')
  })
  await expect(handler({}, contextFor())).rejects.toThrow('the real one')
  await strict.end()
})

test('a timeout of 0 is none', async () => {
  const [[row]] = await pool.query({ sql: 'SELECT SLEEP(0.05) AS slept', timeout: 0 })
  expect(row).toEqual({ slept: 0 })
})

test('at the deadline, who waits is told who holds the connections', async () => {
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    await pool.getConnection()
    await pool.query('SELECT 1')
  })
  await expect(handler({}, contextFor(200, 'late'))).rejects.toThrow(
    /^the time was up: SELECT \? \(invocation late\) had waited \d+ ms for a connection, behind no other: the only one is held by this invocation: getConnection\(\)/,
  )
})

const RUN = {
  'calls that nobody awaited': `
    await pool.wrap(async () => {
      void pool.query('DO 1'); void pool.execute('DO 1'); void pool.transaction(async () => {}); void pool.getConnection()
      pool.pool.query('DO 1')
    })({}, {})
    await new Promise(setImmediate)`,
  'calls on handles that nobody awaited': `
    await pool.wrap(async () => {
      const connection = await pool.getConnection()
      const statement = await connection.prepare('DO 1')
      void connection.query('DO SLEEP(0.05)')
      for (const call of ['beginTransaction', 'commit', 'ping', 'reset']) void connection[call]()
      void connection.changeUser({}); void connection.prepare('DO 2'); void statement.execute([])
      void pool.transaction(async (tx) => { void tx.query('DO 1'); void tx.transaction(async () => {}); await new Promise(() => {}) })
      await new Promise(setImmediate)
    })({}, {})
    await new Promise((resolve) => setTimeout(resolve, 200))`,
  'a deadline far away, and end()': `
    const never = pool.wrap(async () => { await pool.query('DO 1'); await new Promise(() => {}) })
    never({}, { getRemainingTimeInMillis: () => 900_000 })
    await new Promise((resolve) => setTimeout(resolve, 200))`,
}

test.each(Object.entries(RUN))('the process neither dies of nor waits for %s', async (_what, script) => {
  const source = `import { createPool } from 'warmpool'; const pool = createPool({ onLeak: 'ignore' }); ${script}; await pool.end()`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, DATABASE_URL: server.current.url },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 10_000,
  })
  let errors = ''
  child.stderr.on('data', (chunk) => {
    errors += chunk
  })
  const [code] = await once(child, 'exit')
  expect(errors).toBe('')
  expect(code).toBe(0)
})

test('a statement that is no text fails by itself, also while it waits', async () => {
  const outcomes = await invoke(async () => {
    const connection = await pool.getConnection()
    const waiting = [pool.query({} as never), pool.query(12345 as never)]
    connection.release()
    return Promise.allSettled(waiting)
  })
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
})

test("a write in the user's own READ ONLY transaction costs no connection", async () => {
  for (let i = 0; i < 3; i++) {
    const connection = await pool.getConnection()
    await connection.query('START TRANSACTION READ ONLY')
    await expect(connection.query("INSERT INTO t VALUES (3, 'x')")).rejects.toMatchObject({ errno: 1792 })
    connection.release()
  }
  await pool.query('SELECT 1')
  expect(pool.stats().opened).toBe(1)
})
