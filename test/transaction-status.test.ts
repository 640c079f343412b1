import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
beforeEach(() => {
  pool = createPool({ connection: `${server.current.url}?multipleStatements=true`, connectionLimit: 1 })
})
afterEach(() => pool.end())

test.each<[what: string, texts: string[]]>([
  ['a column that is called like the status', ['START TRANSACTION', 'SELECT 0 AS serverStatus']],
  ['the same, prepared', ['START TRANSACTION', 'execute SELECT 0 AS serverStatus']],
  ['rows after the beginning', ['START TRANSACTION; SELECT 0 AS serverStatus']],
  ['the beginning after rows', ['SELECT 0 AS serverStatus; START TRANSACTION']],
  ['a chain, then rows', ['COMMIT AND CHAIN; SELECT 1']],
  ['a chain, prepared', ['execute COMMIT AND CHAIN']],
  ['an end, then another beginning', ['BEGIN; ROLLBACK; SELECT 1; BEGIN']],
])('a transaction is seen and rolled back: %s', async (_, texts) => {
  const thread = await pool.withConnection(async (connection) => {
    for (const text of texts)
      if (text.startsWith('execute ')) await connection.execute(text.slice(8))
      else await connection.query(text)
    const [rows] = await connection.query('SELECT @@in_transaction AS open')
    expect(rows).toEqual([{ open: 1 }])
    return connection.threadId
  })
  const [rows] = await pool.query('SELECT @@in_transaction AS open, CONNECTION_ID() AS thread')
  expect(rows).toEqual([{ open: 0, thread }])
})

test('a column that is called like the status opens no transaction', async () => {
  await pool.query('SELECT 1 AS serverStatus')
  const before = await rollbacks()
  await pool.query('SELECT 1 AS serverStatus')
  expect(await rollbacks()).toBe(before)
})

async function rollbacks(): Promise<number> {
  const [row] = await server.current.query("SHOW GLOBAL STATUS LIKE 'Com_rollback'")
  return Number(row?.Value)
}
