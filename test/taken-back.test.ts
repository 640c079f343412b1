import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clock } from '../src/clock.ts'
import mysqlPool, { createPool, type Database, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE notes (text VARCHAR(100))'))
beforeEach(async () => {
  await server.current.query('TRUNCATE notes')
  pool = createPool({ connection: server.current.url, connectionLimit: 1, onLeak: 'ignore' })
})
afterEach(() => pool.end())

type Work = (database: Database | Pool) => Promise<unknown>
const ways = {
  'mysqlPool, context.db': (work: Work) =>
    middy()
      .use(mysqlPool({ pool }))
      .handler((_event, { db }) => work(db)),
  'mysqlPool, module pool': (work: Work) =>
    middy()
      .use(mysqlPool({ pool }))
      .handler(() => work(pool)),
  wrap: (work: Work) => pool.wrap((_event: unknown, _context: unknown) => work(pool)),
}

describe.each(Object.entries(ways))('%s', (_name, handlerFor) => {
  const invoke = (work: Work, timeout?: number) => handlerFor(work)({}, contextFor(timeout))

  test('an open transaction is rolled back', async () => {
    await invoke(async (database) => {
      const connection = await database.getConnection()
      await connection.beginTransaction()
      await connection.query("INSERT INTO notes VALUES ('half')")
    })
    await invoke((database) => database.query("INSERT INTO notes VALUES ('next')"))
    expect(await server.current.query('SELECT text FROM notes')).toEqual([{ text: 'next' }])
  })

  test('a thrown error rolls the transaction back and reaches the caller', async () => {
    const failing = invoke((database) =>
      database.transaction(async (tx) => {
        await tx.query("INSERT INTO notes VALUES ('half')")
        throw new Error('sold out')
      }),
    )
    await expect(failing).rejects.toThrow('sold out')
    expect(await server.current.query('SELECT text FROM notes')).toEqual([])
    await invoke((database) => database.query('SELECT 1'))
    expect(pool.stats().opened).toBe(1)
  })

  test('a forgotten release does not cost the next invocation its connection', async () => {
    for (let i = 0; i < 5; i++) await invoke((database) => database.getConnection())
    expect(pool.stats().opened).toBe(1)
  })

  test('variables, temporary tables and locks do not reach the next invocation', async () => {
    await invoke(async (database) => {
      const connection = await database.getConnection()
      await connection.query("SET @secret = 'mine', time_zone = '+05:00'")
      await connection.query('CREATE TEMPORARY TABLE scratch (a INT)')
      await connection.query("SELECT GET_LOCK('mine', 1)")
    })
    await invoke(async (database) => {
      const [[row]] = await database.query(
        "SELECT @secret AS secret, IS_FREE_LOCK('mine') AS free, @@session.time_zone AS zone",
      )
      expect(row).toEqual({ secret: null, free: 1, zone: 'SYSTEM' })
      await expect(database.query('SELECT * FROM scratch')).rejects.toMatchObject({
        code: 'ER_NO_SUCH_TABLE',
      })
    })
    expect(pool.stats().opened).toBe(1)
  })

  test('what a session reset keeps does not reach the next invocation either', async () => {
    await server.current.query('CREATE DATABASE IF NOT EXISTS other')
    await server.current.query(`GRANT ALL ON other.* TO '${server.current.user}'@'%'`)
    const seen = 'SELECT DATABASE() AS db, @@character_set_client AS charset'
    const [[before]] = (await invoke((database) => database.query(seen))) as [[object]]
    await invoke(async (database) => {
      const connection = await database.getConnection()
      await connection.query('USE other')
      await connection.query('SET NAMES latin1')
    })
    const [[after]] = (await invoke((database) => database.query(seen))) as [[object]]
    expect(after).toEqual(before)
    expect(after).toMatchObject({ db: server.current.database })
  })

  test('a handle kept beyond the end is dead, and its clean-up calls do nothing', async () => {
    const kept: Awaited<ReturnType<Pool['getConnection']>>[] = []
    await invoke(async (database) => kept.push(await database.getConnection()))
    const [connection] = kept
    await expect(connection?.query("INSERT INTO notes VALUES ('late')")).rejects.toMatchObject({
      code: 'INVOCATION_ENDED',
      outcome: 'not-sent',
    })
    await connection?.rollback()
    connection?.release()
    expect(await server.current.query('SELECT text FROM notes')).toEqual([])
  })

  test('work that was not awaited starts nothing after the end', async () => {
    let late: Promise<unknown> | undefined
    await invoke(async (database) => {
      late = (async () => {
        await sleep(20)
        await database.query("INSERT INTO notes VALUES ('late')")
      })()
      late.catch(() => {})
    })
    await expect(late).rejects.toMatchObject({ code: 'INVOCATION_ENDED' })
    expect(await server.current.query('SELECT text FROM notes')).toEqual([])
  })

  test('a statement that was sent but not awaited comes to its end before the answer', async () => {
    await invoke((database) => database.query('SELECT 1')) // so that it is sent at once
    await invoke(async (database) => {
      void database.query("INSERT INTO notes SELECT 'sent' FROM (SELECT SLEEP(0.1)) AS nap")
      await sleep(20)
    })
    expect(await server.current.query('SELECT text FROM notes')).toEqual([{ text: 'sent' }])
  })

  test('at the deadline what waits and what runs is refused, and the connection is replaced', async () => {
    const outcomes: [code: string, outcome: string | undefined][] = []
    const note = (promise: Promise<unknown>) =>
      promise.catch((error) => outcomes.push([error.code, error.outcome]))
    await invoke(async (database) => {
      await Promise.all([note(database.query('SELECT SLEEP(5)')), note(database.query('SELECT 1'))])
    }, 1500)
    // Stopped: with the server's word for it, or on a busy machine without (test/stopped-statements.test.ts).
    expect(outcomes.map(([code]) => code)).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
    const stopped = outcomes.map(([, outcome]) => outcome).filter((outcome) => outcome !== 'not-sent')
    expect([[undefined], ['unknown']]).toContainEqual(stopped)
    const [[row]] = (await invoke((database) => database.query('SELECT 1 AS one'))) as [[{ one: number }]]
    expect(row.one).toBe(1)
  })
})

test('a leak is told once for each place, and can be made an error', async () => {
  const warnings: string[] = []
  const leaky = createPool({ connection: server.current.url, name: 'leaky' })
  leaky.on('warning', (message) => warnings.push(message))
  const handler = leaky.wrap(async (_event: unknown, _context: unknown) => void (await leaky.getConnection()))
  await handler({}, contextFor(3000, 'first'))
  await handler({}, contextFor(3000, 'second'))
  expect(warnings).toEqual([
    expect.stringMatching(
      /^left behind by invocation first, and taken back: getConnection\(\)\n +at .*taken-back/,
    ),
  ])
  await leaky.end()
  const strict = createPool({ connection: server.current.url, name: 'strict', onLeak: 'throw' })
  const refused = strict.wrap(
    async (_event: unknown, _context: unknown) => void (await strict.getConnection()),
  )
  await expect(refused({}, contextFor())).rejects.toMatchObject({ code: 'LEAK' })
  await strict.end()
})

test('a statement that failed was not left behind', async () => {
  const told: string[] = []
  const nowhere = createPool({ connection: { host: '127.0.0.1', port: 1 }, connectTimeout: 50 })
  nowhere.on('leak', ({ what }) => told.push(what))
  const handler = nowhere.wrap(async (_event: unknown, _context: unknown) => nowhere.query('SELECT 1'))
  await expect(handler({}, contextFor())).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
  expect(told).toEqual([])
  await nowhere.end()
})

test('our own session variables are there again after a reset', async () => {
  const zoned = createPool({
    connection: server.current.url,
    session: { time_zone: '+03:00' },
    connectionLimit: 1,
  })
  const seen = 'SELECT @@session.time_zone AS zone, @@session.wait_timeout > 900 AS lease, @left AS rest'
  const [[first]] = await zoned.query(seen)
  await zoned.query("SET @left = 1, time_zone = '+05:00', wait_timeout = 5")
  const [[second]] = await zoned.query(seen)
  expect(first).toEqual({ zone: '+03:00', lease: 1, rest: null })
  expect(second).toEqual(first)
  expect(zoned.stats().opened).toBe(1)
  await zoned.end()
})

test('connections beyond the first that were not needed for 10 s are closed at an end', async () => {
  const wide = createPool({ connection: server.current.url, name: 'wide', connectionLimit: 3 })
  const handler = wide.wrap(async (parallel: number, _context: unknown) => {
    await Promise.all(Array.from({ length: parallel }, () => wide.query('SELECT SLEEP(0.02)')))
  })
  await handler(3, contextFor())
  expect(wide.stats().total).toBe(3)
  const { now } = clock
  clock.now = () => now() + 9_000
  await handler(1, contextFor(20_000))
  expect(wide.stats().total).toBe(3)
  clock.now = () => now() + 11_000
  await handler(1, contextFor(20_000))
  clock.now = now
  await expect.poll(() => wide.stats().total).toBe(1)
  await wide.end()
})

test('after a reset the server reads functions as it did before', async () => {
  await pool.query('SELECT COUNT (*) FROM notes')
  await pool.query('SET @left = 1')
  await pool.query('SELECT COUNT (*) FROM notes')
  expect(pool.stats().opened).toBe(1)
})

test('where the server has autocommit off, statements are committed all the same', async () => {
  await server.current.query('SET GLOBAL autocommit = 0')
  try {
    const quiet = createPool({ connection: server.current.url, name: 'quiet', connectionLimit: 1 })
    await quiet.query("INSERT INTO notes VALUES ('kept')")
    await quiet.query('SET @left = 1') // what a reset takes away is set again
    await quiet.query("INSERT INTO notes VALUES ('kept too')")
    expect(await server.current.query('SELECT text FROM notes')).toEqual([
      { text: 'kept' },
      { text: 'kept too' },
    ])
    expect(quiet.stats().opened).toBe(1)
    await quiet.end()
  } finally {
    await server.current.query('SET GLOBAL autocommit = 1')
  }
})
