import { expect, test } from 'vitest'
import { createPool } from '../src/index.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()

test('what a proxy sees: texts, and nothing that pins', async () => {
  const { current: db } = server
  await db.query("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = ON")
  const before = await counters()
  await using pool = createPool({
    name: 'seen',
    connection: db.url,
    proxy: true,
    validateAfter: 1,
    session: { time_zone: '+00:00' },
  })
  const handler = pool.wrap(async (id: number, _context: object) => {
    await new Promise((resolve) => setTimeout(resolve, 20)) // idle for longer than validateAfter
    await pool.execute('SELECT ? AS id', [id])
    return pool.transaction((tx) => tx.execute('SELECT ? AS tx', [id]))
  })
  for (let id = 1; id <= 3; id++) await handler(id, contextFor())
  await pool.withConnection((connection) => connection.query('SET @dirty = 1')) // replaced, not reset
  await handler(4, contextFor())
  await pool.end()

  const after = await counters()
  await db.query('SET GLOBAL general_log = OFF')
  const ids = (await db.query(
    'SELECT thread_id FROM mysql.general_log WHERE argument = "SELECT 1 AS id"',
  )) as {
    thread_id: number
  }[]
  expect(ids).toHaveLength(1)
  const seen = await db.query(
    `SELECT command_type AS command, CONVERT(argument USING utf8mb4) AS sql_text FROM mysql.general_log
      WHERE user_host LIKE ? AND command_type NOT IN ('Connect', 'Quit')`,
    [`%${db.user}%`],
  )
  const invocation = (id: number) => [
    `SELECT ${id} AS id`,
    'START TRANSACTION',
    `SELECT ${id} AS tx`,
    'COMMIT',
  ]
  const SET = "SET SESSION `time_zone` = '+00:00'"
  expect(seen.map(({ sql_text }) => sql_text)).toEqual([
    SET,
    ...[1, 2, 3].flatMap(invocation),
    'SET @dirty = 1',
    SET,
    ...invocation(4),
  ])
  expect(new Set(seen.map(({ command }) => command))).toEqual(new Set(['Query']))
  expect(after).toEqual(before)
})

test('what is left behind: an open transaction is rolled back, for other state the connection is closed', async () => {
  const by = await openByProxy(server.current, { proxy: { pinning: 'allow' }, connectionLimit: 1 })
  const threadAfter = async (...texts: string[]) => {
    await by.pool.withConnection(async (connection) => {
      for (const sql of texts) await connection.query(sql)
    })
    return by.pool.withConnection(async ({ threadId }) => threadId)
  }
  const first = await threadAfter('SELECT 1')
  expect(await threadAfter('START TRANSACTION', 'SELECT 2')).toBe(first)
  expect(await threadAfter('START TRANSACTION', 'SAVEPOINT s')).toBe(first)
  let before = first
  for (const sql of [
    'SET @a = 1',
    'USE information_schema',
    "SET time_zone = '+01:00'",
    'CREATE TEMPORARY TABLE x (a INT)',
  ]) {
    const after = await threadAfter('START TRANSACTION', sql)
    expect([sql, after === before]).toEqual([sql, false])
    before = after
  }
  const names = by.proxy.commands.map(({ name, text }) => (text === 'ROLLBACK' ? text : name))
  expect(names.filter((name) => name !== 'QUERY')).toEqual([
    'ROLLBACK',
    'ROLLBACK',
    'QUIT',
    'QUIT',
    'QUIT',
    'QUIT',
  ])
  await by.close()
})

/** How often the server was asked for what pins or keeps a proxy's session awake. */
async function counters(): Promise<object> {
  const rows = await server.current.query(
    `SHOW GLOBAL STATUS WHERE Variable_name IN
      ('Com_stmt_prepare', 'Com_stmt_execute', 'Com_admin_commands', 'Com_reset', 'Com_change_db')`,
  )
  return Object.fromEntries(rows.map(({ Variable_name, Value }) => [Variable_name, Value]))
}
