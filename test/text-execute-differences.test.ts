import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let prepared: Pool
let text: Pool
beforeAll(async () => {
  const { host, port, user, password, database } = server.current
  const connection = { host, port, user, password, database, multipleStatements: true }
  prepared = createPool({ name: 'prepared', connection })
  text = createPool({ name: 'text', connection, proxy: true })
  await prepared.query('CREATE TABLE k (id INT, f FLOAT, m DECIMAL(9,4), t TIME(3), d DATETIME)')
  await prepared.query(
    "INSERT INTO k VALUES (2, 16777217, 1.5, '-12:30:01.5', NULL), (1, 0.1, 2, NULL, NULL)",
  )
})
afterAll(() => Promise.all([prepared.end(), text.end()]))

/** What `execute` gives when it is prepared, and when it goes as text: rows as arrays, or the number of the error. */
async function both(sql: string, values: unknown[] = []): Promise<{ prepared: unknown; text: unknown }> {
  const outcome = (pool: Pool) =>
    pool.execute({ sql, rowsAsArray: true }, values as never).then(
      ([rows]) => rows,
      (error) => error.errno ?? error.message,
    )
  return { prepared: await outcome(prepared), text: await outcome(text) }
}

/** Every row of the table in docs/rds-proxy.md, by its first words. */
const DIFFERENCES: Record<string, () => Promise<void>> = {
  'whole numbers are integers': async () => {
    expect(await both('SELECT ? / 3', [1])).toEqual({ prepared: [[1 / 3]], text: [['0.3333']] })
    expect(await both('SELECT m * ? FROM k WHERE id = 2', [2])).toEqual({
      prepared: [[3]],
      text: [['3.0000']],
    })
    expect(await both('SELECT SUM(id * ?) FROM k', [2])).toEqual({ prepared: [[6]], text: [['6']] })
    expect(await both('SELECT ? * ?', [4e9, 4e9])).toEqual({ prepared: [[1.6e19]], text: 1690 }) // out of range
    expect(await both('SELECT CAST(? AS UNSIGNED)', [-1])).toEqual({ prepared: [[0]], text: [[2 ** 64]] })
    // As DOUBLE, which a fraction is, it is what it was.
    expect(await both('SELECT ? / 3e0', [1])).toEqual({ prepared: [[1 / 3]], text: [[1 / 3]] })
    expect(await both('SELECT m * ? FROM k WHERE id = 2', [0.5])).toEqual({
      prepared: [[0.75]],
      text: [[0.75]],
    })
  },
  'a whole number in ORDER BY or GROUP BY': async () => {
    expect(await both('SELECT id FROM k ORDER BY ?', [1])).toEqual({ prepared: [[2], [1]], text: [[1], [2]] })
  },
  LIMIT: async () => {
    const rows = [[2], [1]]
    for (const value of [2, '2', 2n]) {
      expect(await both('SELECT id FROM k LIMIT ?', [value])).toEqual({ prepared: rows, text: rows })
      expect(await both('SELECT id FROM k LIMIT ?, ?', [0, value])).toEqual({ prepared: rows, text: rows })
      expect(await both('SELECT id FROM k LIMIT ? OFFSET ?', [value, '0'])).toEqual({
        prepared: rows,
        text: rows,
      })
    }
    for (const value of [1.5, -1]) expect((await both('SELECT id FROM k LIMIT ?', [value])).text).toBe(1064)
  },
  'the name of a column': async () => {
    const names = []
    for (const pool of [prepared, text])
      names.push((await pool.execute('SELECT ?, ? AS b', [1, 2]))[1].map(({ name }) => name))
    expect(names).toEqual([
      ['?', 'b'],
      ['1', 'b'],
    ])
  },
  'FLOAT and DOUBLE columns': async () => {
    expect(await both('SELECT f FROM k')).toEqual({
      prepared: [[16777216], [0.10000000149011612]],
      text: [[16777200], [0.1]],
    })
    const long = 91251971358.29141 // of the one kind in fifty
    await text.execute('CREATE OR REPLACE TABLE doubles (d DOUBLE)')
    await text.execute('INSERT INTO doubles VALUES (?)', [long])
    expect(await both('SELECT d FROM doubles')).toEqual({ prepared: [[long]], text: [[91251971358.2914]] })
  },
  'TIME columns with fractions': async () => {
    expect(await both('SELECT t FROM k WHERE id = 2')).toEqual({
      prepared: [['-12:30:01.5']],
      text: [['-12:30:01.500']],
    })
  },
  'dates that are none': async () => {
    const zero = "SELECT CAST('2024-00-00' AS DATETIME)"
    const { prepared: one, text: other } = await both(zero)
    expect([one, other]).toEqual([[[new Date(2023, 10, 30)]], [[new Date(Number.NaN)]]])
    const late = await both('SELECT ?', [new Date('+010000-01-01T12:00:00Z')])
    expect(late).toEqual({ prepared: [[new Date(Number.NaN)]], text: 1525 }) // incorrect DATETIME value
  },
  'several statements in one text': async () => {
    const { prepared: one, text: other } = await both('SELECT 1; SELECT ?', [2])
    expect(one).toBe(1064)
    expect(other).toEqual([[[1]], [[2]]])
  },
  'what cannot be prepared': async () => {
    expect(await both('SHOW TABLES LIKE ?', ['k'])).toEqual({ prepared: 1064, text: [['k']] })
  },
  'characters that the connection does not have': async () => {
    const { host, port, user, password, database } = server.current
    const connection = { host, port, user, password, database, charset: 'LATIN1_SWEDISH_CI' }
    const kept = []
    for (const proxy of [false, true]) {
      await using pool = createPool({ connection, proxy })
      await pool.execute('CREATE OR REPLACE TABLE kept (s TEXT CHARACTER SET utf8mb4)')
      await pool.execute('INSERT INTO kept VALUES (?)', ['漢'])
      kept.push(await server.current.query('SELECT s FROM kept'))
    }
    expect(kept).toEqual([[{ s: '"' }], [{ s: '漢' }]])
  },
  NaN: async () => {
    expect((await both('SELECT ?', [Number.NaN])).text).toBe('Bind parameters must not contain NaN')
  },
}

test.each(Object.entries(DIFFERENCES))('%s', (_, holds) => holds())

test('docs/rds-proxy.md has a row for each, and none besides', () => {
  const page = readFileSync(new URL('../docs/rds-proxy.md', import.meta.url), 'utf8')
  const section = page.split(/^## /m).find((part) => part.startsWith('`execute()` as text')) ?? ''
  const rows = [...section.matchAll(/^\| (?!---)(.+?) \|/gm)]
    .map(([, cell]) => String(cell).replaceAll('`', ''))
    .slice(1)
  expect(rows).toEqual(Object.keys(DIFFERENCES))
})
