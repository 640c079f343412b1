/** A failure of the property tells its seed: `SEED=1 npx vitest run test/text-execute-backslashes.test.ts` repeats it. */
import fc from 'fast-check'
import driver from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Connection, createPool, type Pool } from '../src/index.ts'
import { executeText } from '../src/policy/execute-text.ts'
import { databaseForFile } from './support/database.ts'

const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const server = databaseForFile()
let admin: driver.Connection
beforeAll(async () => {
  admin = await driver.createConnection(server.current.administrator as never)
})
afterAll(() => admin.end())

const writing = { utf8: true, quote: () => expect.unreachable() }
const PATH = 'C:\\temp\\'
const MODES = ['', 'NO_BACKSLASH_ESCAPES', 'ANSI_QUOTES', 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES']

function open(): Pool {
  const { host, port, user, password, database } = server.current
  const connection = { host, port, user, password, database, multipleStatements: true }
  return createPool({ name: `text ${Math.random()}`, connection, proxy: { pinning: 'allow' } })
}

/** The value as it comes back; or that it was refused, which is right, too. */
async function back(on: Pick<Connection, 'execute'>, value = PATH): Promise<unknown> {
  return on.execute<driver.RowDataPacket[]>('SELECT ? AS v', [value]).then(
    ([rows]) => rows[0]?.v,
    (error) => (error.code === 'TEXT_EXECUTE_REFUSED' ? value : error),
  )
}

describe('NO_BACKSLASH_ESCAPES that the server has not told', () => {
  test('as its init_connect sets it', async () => {
    await admin.query(`SET GLOBAL init_connect = "SET sql_mode = 'NO_BACKSLASH_ESCAPES'"`)
    try {
      await using pool = open()
      for (const value of [PATH, "\\' OR 1=1 -- ", '\0']) expect(await back(pool, value)).toBe(value)
    } finally {
      await admin.query("SET GLOBAL init_connect = ''")
    }
  })

  test.each<[how: string, run: (connection: Connection) => Promise<unknown>]>([
    [
      'as the statement ahead sets it',
      async (connection) => {
        const set = connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
        const value = back(connection)
        await set
        return value
      },
    ],
    [
      'as it was set before rows, in one text',
      async (connection) => {
        await connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'; SELECT 1")
        return back(connection)
      },
    ],
  ])('%s', async (_, run) => {
    await using pool = open()
    expect(await pool.withConnection(run)).toBe(PATH)
  })

  test('a text is made when it starts: what was set by then is known', async () => {
    await using pool = open()
    await pool.withConnection(async (connection) => {
      const set = connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
      await expect(connection.execute('SELECT ? AS v', [1])).rejects.toMatchObject({
        code: 'TEXT_EXECUTE_REFUSED',
      })
      await set
    })
  })

  test('a quoted text that ends elsewhere then is refused beside values', async () => {
    await using pool = open()
    const sql = "SELECT 1 AS v WHERE 'it\\'' = 1 AND '' = ?"
    await expect(pool.execute(sql, [' OR 1=1 -- '])).rejects.toMatchObject({ code: 'TEXT_EXECUTE_REFUSED' })
    expect((await pool.execute("SELECT 'a\\\\' LIKE '_\\%' AS v, ? AS w", [1]))[0]).toEqual([{ v: 0, w: 1 }])
  })
})

test(`a text is the same value in every sql_mode (SEED=${seed})`, async () => {
  const connection = await driver.createConnection(server.current.url)
  const value = fc.string({ unit: fc.constantFrom(...`\\\\\\''"\`?%_;-#/*\0\n\x1aé漢🎉a`), maxLength: 12 })
  try {
    for (const mode of MODES) {
      await connection.query(`SET sql_mode = '${mode}'`)
      const property = fc.asyncProperty(value, value, async (a, b) => {
        const text = executeText('SELECT ? AS a, 7 AS n, ? AS b', [a, b], writing)
        expect((await connection.query(text))[0]).toEqual([{ a, n: 7, b }])
      })
      await fc.assert(property, { numRuns: 150, seed })
    }
  } finally {
    await connection.end()
  }
})

test('one with a backslash compares as a literal does, and finds its rows by an index', async () => {
  await server.current.query(
    `CREATE TABLE paths (latin1 VARCHAR(50) CHARACTER SET latin1, bin VARCHAR(50) COLLATE utf8mb4_bin,
     other VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci, KEY (latin1), KEY (bin), KEY (other))`,
  )
  const path = "CONCAT('C:\\\\temp', seq)"
  await server.current.query(`INSERT INTO paths SELECT ${path}, ${path}, ${path} FROM seq_1_to_500`)
  await using pool = open()
  for (const column of ['latin1', 'bin', 'other'])
    for (const [condition, value, type] of [
      ['= ?', 'C:\\temp7', 'ref'],
      ['LIKE ?', 'C:\\\\temp70%', 'range'],
    ] as const) {
      const sql = `SELECT ${column} AS v FROM paths WHERE ${column} ${condition}`
      const [rows] = await pool.execute(sql, [value])
      expect([column, condition, rows]).toEqual([
        column,
        condition,
        [{ v: expect.stringMatching(/temp70?$/) }],
      ])
      expect((await pool.execute(`EXPLAIN ${sql}`, [value]))[0]).toMatchObject([{ type, key: column }])
    }
  const sql = 'SELECT COERCIBILITY(?) AS c, COLLATION(?) AS n'
  expect((await pool.execute(sql, ['\\', '\\']))[0]).toEqual((await pool.execute(sql, ['', '']))[0])
  expect((await pool.execute("SELECT 'a%' LIKE 'a\\%' ESCAPE ? AS v", ['\\']))[0]).toEqual([{ v: 1 }])
})
