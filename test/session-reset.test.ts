import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeAll(async () => {
  for (const sql of [
    'CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(100))',
    'CREATE TABLE watched (a INT)',
    'CREATE TRIGGER sets AFTER INSERT ON watched FOR EACH ROW SET @left = 1',
    'CREATE PROCEDURE makes() CREATE TEMPORARY TABLE scratch (a INT)',
    "CREATE FUNCTION takes(a INT) RETURNS INT RETURN GET_LOCK('mine', 0)",
    'CREATE VIEW hides AS SELECT takes(1)',
    'CREATE DATABASE elsewhere',
  ])
    await server.current.query(sql)
  await server.current.query(`GRANT ALL ON elsewhere.* TO '${server.current.user}'@'%'`)
})
beforeEach(async () => {
  proxy = await TcpProxy.to(server.current)
})
afterEach(async () => {
  await pool.end()
  await proxy[Symbol.asyncDispose]()
})

/** A pool of one connection, with a session variable of the user's own. */
function open(options: PoolOptions): void {
  pool = createPool({
    connection: proxy.url(server.current.url),
    connectionLimit: 1,
    session: { time_zone: '+03:00' },
    onLeak: 'ignore',
    ...options,
  })
}

/** One invocation that runs these statements on one connection. @returns what was sent when its answer was there */
async function invoke(...sqls: string[]): Promise<string[]> {
  const before = proxy.commands.length
  const handler = pool.wrap((_event: unknown, _context: unknown) =>
    pool.withConnection(async (connection) => {
      for (const sql of sqls) await connection.query(sql)
    }),
  )
  await handler({}, contextFor())
  return proxy.commands.slice(before).map(({ name, text }) => text || name)
}

/** What an invocation finds in its session. */
async function look(): Promise<object> {
  const look = pool.wrap(async (_event: unknown, _context: unknown) => {
    const [[row]] = await pool.query(
      `SELECT @left AS variable, IS_USED_LOCK('mine') IS NOT NULL AS locked, DATABASE() AS db, @@in_transaction AS open,
        @@session.time_zone AS zone, @@session.wait_timeout AS lease, @@session.sql_safe_updates AS safe`,
    )
    const [found] = await pool.query('SHOW CREATE TABLE scratch').catch(() => [[]])
    return { ...row, scratch: (found as unknown[]).length }
  })
  return look({}, contextFor())
}

const OURS =
  /^SET SESSION wait_timeout = \d+, SESSION sql_mode = CONCAT\(@@sql_mode, .,IGNORE_SPACE.\), SESSION `time_zone` = '\+03:00'$/
const cleaned = (sql: string) => [sql, 'RESET', expect.stringMatching(OURS)]

describe.each([false, true])('proxied: %s', (proxied) => {
  test.each<[what: string, sqls: string[]]>([
    ['a query', ['SELECT COUNT(*), MAX(id), NOW() FROM notes WHERE id IN (1, 2)']],
    ['a write', ["INSERT INTO notes (text) VALUES ('a')"]],
    ['an update and reads of variables', ["UPDATE notes SET text = 'b'", 'SELECT @left, @@time_zone']],
    ['a transaction that is over', ['BEGIN', "INSERT INTO notes (text) VALUES ('c')", 'COMMIT']],
  ])('clean, %s: nothing is sent between invocations', async (_, sqls) => {
    open({ proxy: proxied })
    await invoke('SELECT 1')
    const before = proxy.packets.toServer
    for (let n = 0; n < 3; n++) await invoke(...sqls)
    expect(proxy.packets.toServer - before).toBe(3 * sqls.length)
    expect(pool.stats().opened).toBe(1)
  })

  test.each(['dirty', 'never'] as const)(
    'an open transaction is rolled back before the answer leaves, %s',
    async (sessionReset) => {
      open({ proxy: proxied, sessionReset })
      await server.current.query('TRUNCATE notes')
      await invoke('SELECT 1')
      const half = "INSERT INTO notes (text) VALUES ('half')"
      expect(await invoke('START TRANSACTION', half)).toEqual(['START TRANSACTION', half, 'ROLLBACK'])
      expect(await server.current.query('SELECT * FROM notes FOR UPDATE')).toEqual([])
      expect(pool.stats().opened).toBe(1)
    },
  )

  test.each([
    "SET @left = 1, time_zone = '+05:00', wait_timeout = 5",
    'SET SESSION sql_safe_updates = 1',
    'CREATE TEMPORARY TABLE scratch (a INT)',
    "SELECT GET_LOCK('mine', 0)",
    'SELECT takes(1)',
    'CALL makes()',
  ])('other state is gone before the answer leaves: %s', async (sql) => {
    open({ proxy: proxied })
    const unused = await look()
    const sent = await invoke(sql)
    if (proxied) expect(sent).not.toContain('RESET')
    else expect(sent).toEqual(cleaned(sql))
    if (!proxied)
      expect(await server.current.query("SELECT IS_FREE_LOCK('mine') AS free")).toEqual([{ free: 1 }])
    expect(await look()).toEqual(unused)
    expect(pool.stats().opened).toBe(proxied ? 2 : 1)
  })

  test('what no reset clears costs the connection', async () => {
    open({ proxy: proxied })
    const unused = await look()
    expect(await invoke('USE elsewhere')).not.toContain('RESET')
    expect(await look()).toEqual(unused)
    expect(pool.stats().opened).toBe(2)
  })

  /** State that the text does not show, and what the next invocation sees of it. */
  const HIDDEN: [what: string, sql: string, seen: object][] = [
    ['a trigger that sets a variable', 'INSERT INTO watched VALUES (1)', { variable: 1 }],
    ['a view over a function that takes a lock', 'SELECT * FROM hides', { locked: 1 }],
  ]
  const SHOWN: typeof HIDDEN = [
    ['a procedure that makes a temporary table', 'CALL makes()', { scratch: 1 }],
    ['a function that takes a lock', 'SELECT takes(1)', { locked: 1 }],
  ]

  test.each([...HIDDEN, ...SHOWN])("'always' covers %s", async (_, sql) => {
    open({ proxy: proxied, sessionReset: 'always' })
    const unused = await look()
    const sent = await invoke(sql)
    if (!proxied) expect(sent).toEqual(cleaned(sql))
    expect(await look()).toEqual(unused)
  })

  test.each(HIDDEN)("'dirty' does not cover %s: its text does not show it", async (_, sql, seen) => {
    open({ proxy: proxied, sessionReset: 'dirty' })
    const unused = await look()
    expect(await invoke(sql)).toEqual([sql])
    expect(await look()).toEqual({ ...unused, ...seen })
  })

  test.each([
    ...HIDDEN,
    ...SHOWN,
    ['a variable', 'SET @left = 1', { variable: 1 }],
    ['another database', 'USE elsewhere', { db: 'elsewhere' }],
  ] as typeof HIDDEN)("'never' leaves %s to the next invocation", async (_, sql, seen) => {
    open({ proxy: proxied, sessionReset: 'never' })
    const unused = await look()
    expect(await invoke(sql)).toEqual([sql])
    expect(await look()).toEqual({ ...unused, ...seen })
    expect(pool.stats().opened).toBe(1)
  })
})
