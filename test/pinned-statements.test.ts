import type { PoolConnection } from 'mysql2'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions, WarmpoolError } from '../src/index.ts'
import { type ByProxy, openByProxy } from './support/by-proxy.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let by: ByProxy
let warnings: string[]
beforeEach(() => {
  const log = vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => log.mockRestore()
})
afterEach(() => by.close())

async function open(proxy: PoolOptions['proxy'], options: PoolOptions = {}): Promise<Pool> {
  by = await openByProxy(server.current, { proxy: proxy as never, ...options })
  warnings = []
  by.pool.on('warning', (message) => warnings.push(message))
  await by.pool.query('CREATE TABLE IF NOT EXISTS notes (note VARCHAR(50))')
  return by.pool
}

/** The texts that have reached the server, without those that open the pool. */
const sent = () => by.proxy.commands.map(({ name, text }) => (name === 'QUERY' ? text : name)).slice(1)

const LONG = 'x'.repeat(17_000)

describe("refused: { pinning: 'refuse' }", () => {
  test.each<[way: string, run: (pool: Pool) => Promise<unknown>]>([
    ['query', (pool) => pool.query('SET @secret = 4711')],
    ['query with values', (pool) => pool.query('INSERT INTO notes VALUES (?)', [LONG])],
    ['execute', (pool) => pool.execute("SELECT GET_LOCK('4711', ?)", [0])],
    ['execute that is long with its values', (pool) => pool.execute('SELECT ? AS v', [LONG])],
    ['a connection', (pool) => pool.withConnection((one) => one.query('CREATE TEMPORARY TABLE x (a INT)'))],
    ['prepare', (pool) => pool.withConnection((one) => one.prepare('SELECT 4711'))],
    ['changeUser', (pool) => pool.withConnection((one) => one.changeUser({ user: 'x' }))],
    ['reset', (pool) => pool.withConnection((one) => one.reset())],
    ['stream', async (pool) => pool.stream('SELECT @a := 4711').toArray()],
    ['callbacks', (pool) => new Promise((_, reject) => pool.pool.query('SET @a = 4711', reject))],
  ])('%s, and nothing is sent', async (_, run) => {
    const pool = await open({ pinning: 'refuse' })
    const error = (await run(pool).catch((refused) => refused)) as Error
    expect(error).toBeInstanceOf(WarmpoolError)
    expect(error).toMatchObject({ code: 'PINNED', statusCode: 500, outcome: 'not-sent', retryable: false })
    expect(error.message).toMatch(
      / would pin this session of RDS Proxy to one database connection \(.+\): it was not sent$/,
    )
    expect(error.message).not.toContain('4711')
    expect(error.message.length).toBeLessThan(300)
    await pool.query('SELECT 1') // on the same connection, which is as it was
    expect(sent()).toEqual(['SELECT 1'])
    expect(warnings).toEqual([])
  })

  test('in a transaction: the callback hears of it, and all is rolled back', async () => {
    const pool = await open({ pinning: 'refuse' })
    const work = pool.transaction(async (tx) => {
      await tx.query("INSERT INTO notes VALUES ('in it')")
      await tx.query('SET @a = 1')
    })
    await expect(work).rejects.toMatchObject({
      code: 'PINNED',
      stack: expect.stringContaining('pinned-statements'),
    })
    expect(await server.current.query("SELECT * FROM notes WHERE note = 'in it'")).toEqual([])
    expect(sent().at(-1)).toBe('ROLLBACK')
  })

  test('nothing that we send by ourselves', async () => {
    const pool = await open(
      { pinning: 'refuse' },
      { session: { time_zone: '+00:00', sql_mode: 'ANSI_QUOTES' }, validateAfter: 0, sessionReset: 'always' },
    )
    await pool.transaction((tx) => tx.transaction((part) => part.execute('SELECT ? AS v', [1])), {
      isolation: 'serializable',
      readOnly: true,
    })
    await pool.withConnection(async (connection) => {
      await connection.beginTransaction()
      await connection.query('SELECT 1')
    })
    await pool.transaction(() => Promise.reject(new Error('on purpose'))).catch(() => {})
    expect(sent()).toContain('SET SESSION TRANSACTION ISOLATION LEVEL serializable')
    expect(warnings).toEqual([])
  })
})

describe("told: 'warn', the default", () => {
  test('once for each place: the statement without its values, why, and where', async () => {
    const pool = await open(true)
    const set = (value: number) => pool.query('SET @secret = ?', [value])
    for (const value of [4711, 4712, 4713]) await set(value)
    await pool.query("DO GET_LOCK('4711', 0)")
    const here = /\(at .*pinned-statements\.test\.ts:\d+:\d+\)?\)$/
    expect(warnings).toEqual([
      expect.stringMatching(
        /^SET @secret = \? pins a session of RDS Proxy to .*: it sets a user variable \(at /,
      ),
      expect.stringMatching(
        /^DO GET_LOCK\(\?, \?\) pins a session of RDS Proxy to .*: GET_LOCK\(\) takes a named lock/,
      ),
    ])
    for (const warning of warnings) expect(warning).toMatch(here)
    expect(sent().filter((text) => text.startsWith('SET @secret'))).toHaveLength(3)
  })

  test('once, however many texts are made there', async () => {
    const pool = await open(true)
    const ways: ((text: string) => Promise<unknown>)[] = [
      (text) => pool.query(text),
      (text) => pool.withConnection((connection) => connection.query(text)),
      (text) => pool.stream(text).toArray(),
      (text) => new Promise((resolve) => pool.pool.query(text, resolve)),
      (text) => new Promise((resolve) => pool.pool.execute(text, resolve)),
      (text) => new Promise((resolve) => pool.pool.query(text).on('end', () => resolve(null))),
      async (text) => {
        const connection = await new Promise<PoolConnection>((resolve) =>
          pool.pool.getConnection((_, given) => resolve(given)),
        )
        await connection.promise().query(text)
        connection.release()
      },
    ]
    for (const run of ways) {
      warnings.length = 0
      for (let at = 0; at < 5; at++) await run(`SELECT @a${at} := 1`)
      await Promise.all([5, 6, 7].map((at) => run(`SELECT @a${at} := 1`)))
      expect(warnings, String(run)).toEqual([
        expect.stringMatching(/\(at .*pinned-statements\.test\.ts:\d+:\d+\)?\)$/),
      ])
    }
  })

  test('on a connection: where that was asked for', async () => {
    const pool = await open(true)
    await pool.transaction(async (tx) => {
      await tx.query('SET @a = 1')
      await tx.query('SELECT ROW_COUNT()')
    })
    expect(warnings).toHaveLength(2)
    for (const warning of warnings) expect(warning).toMatch(/pinned-statements\.test\.ts:\d+:\d+/)
  })

  test('by somebody who had to wait for his connection', async () => {
    const pool = await open(true, { connectionLimit: 1 })
    await Promise.all([pool.query('SELECT SLEEP(0.01)'), pool.query('SET @waited = 1')])
    expect(warnings).toEqual([
      expect.stringMatching(/^SET @waited = \? pins .*: it sets a user variable \(at .*pinned-statements/),
    ])
  })
})

test("'allow' says nothing", async () => {
  const pool = await open({ pinning: 'allow' })
  await pool.query('SET @a = 1')
  await pool.execute('SELECT ? AS v', [LONG])
  expect(warnings).toEqual([])
  expect(sent()).toHaveLength(3) // and the connection with @a was not used again
})

test('without a proxy nothing is looked at', async () => {
  const pool = await open(false)
  await pool.query('SET @a = 1')
  expect(warnings).toEqual([])
})

test('what means the same is one pool', async () => {
  by = await openByProxy(server.current, { proxy: true })
  await using other = createPool({
    connection: by.proxy.url(server.current.url),
    onLeak: 'ignore',
    proxy: { pinning: 'warn' },
  })
  await using strict = createPool({
    connection: by.proxy.url(server.current.url),
    onLeak: 'ignore',
    proxy: { pinning: 'refuse' },
  })
  await Promise.all([by.pool.query('SELECT 1'), other.query('SELECT 1'), strict.query('SELECT 1')])
  const [row] = await server.current.query(
    'SELECT COUNT(*) AS sessions FROM information_schema.processlist WHERE user = ?',
    [server.current.user],
  )
  expect(Number(row?.sessions)).toBe(3) // two of the one, and one of the other
})
