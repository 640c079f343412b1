import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

/** A failure tells its seed: `SEED=1 npx vitest run test/text-execute-charsets.test.ts` repeats it. */
const seed = Number(process.env.SEED ?? Date.now() % 1e9)
const server = databaseForFile()
beforeAll(() => server.current.query('CREATE TABLE kept (id INT, s TEXT CHARACTER SET utf8mb4)'))

/** Through the proxy's way of writing, with a character set of its own. */
function open(connection: object = {}, options: PoolOptions = {}): Pool {
  const { host, port, user, password, database } = server.current
  return createPool({
    connection: { host, port, user, password, database, ...connection },
    proxy: true,
    ...options,
  })
}

/**
 * Second bytes that are a backslash (0x5c) or a quote to somebody; characters of which mysql2 makes a quote (ħ in latin1, 0x127) or
 * a backslash (Ŝ, 0x15c), as it writes them in one byte; and what may follow.
 */
const SUSPECT = [
  '運',
  '縗',
  '功',
  '表',
  'ソ',
  '誘',
  '漢',
  '許',
  '¿',
  'é',
  '\u0127',
  '\u015c',
  '\u0a27',
  '\u4e5c',
  '🎉',
  'a',
]
const value = fc
  .array(fc.constantFrom(...SUSPECT, "'", '"', '\\', '\0', "' OR 1=1 -- ", '`', '%'), { maxLength: 6 })
  .map((pieces) => pieces.join(''))

/** Whether each value comes to the table as it is: what the driver makes of it on the way is none of the value's business. */
async function keeps(pool: Pool, runs: number): Promise<void> {
  let id = 0
  const property = fc.asyncProperty(value, async (text) => {
    await pool.execute('INSERT INTO kept (id, s) VALUES (?, ?)', [++id, text])
    const rows = await server.current.query('SELECT s FROM kept WHERE id = ?', [id])
    await server.current.query('DELETE FROM kept')
    expect(rows).toEqual([{ s: text }])
  })
  await fc.assert(property, { numRuns: runs, seed })
}

describe(`no character set lets a value out of its quotes (SEED=${seed})`, () => {
  test.each([
    'GBK_CHINESE_CI',
    'GB2312_CHINESE_CI', // which mysql2 writes as gbk
    'BIG5_CHINESE_CI',
    'SJIS_JAPANESE_CI',
    'CP932_JAPANESE_CI',
    'EUCKR_KOREAN_CI',
    'UJIS_JAPANESE_CI',
    'LATIN1_SWEDISH_CI',
    'ASCII_GENERAL_CI',
    'UTF8_GENERAL_CI',
    'UTF8MB4_UNICODE_CI',
  ])('%s', async (charset) => {
    await using pool = open({ charset })
    await keeps(pool, 40)
  })

  test.each(['gbk', 'big5', 'sjis', 'latin1'])('SET NAMES %s, which the driver follows', async (charset) => {
    await using pool = open()
    await pool.withConnection(async (connection) => {
      await connection.query(`SET NAMES ${charset}`)
      await connection.execute('INSERT INTO kept VALUES (?, ?)', [1, "縗' OR 1=1 -- \\"])
    })
    expect(await server.current.query('SELECT s FROM kept')).toEqual([{ s: "縗' OR 1=1 -- \\" }])
    await server.current.query('DELETE FROM kept')
  })
})

describe('a server that reads another character set than the driver writes', () => {
  const attack = "縗' OR 1=1 -- "
  const escaped = "縗\\' OR 1=1 -- "
  beforeAll(() => server.current.query("SET GLOBAL session_track_system_variables = ''"))
  afterAll(() => server.current.query('SET GLOBAL session_track_system_variables = DEFAULT'))

  test.each(['gbk', 'big5', 'sjis', 'gb2312'])(
    'as the driver has not heard of SET NAMES %s',
    async (charset) => {
      await using pool = open()
      await pool.withConnection(async (connection) => {
        await connection.query(`SET NAMES ${charset}`)
        for (const value of [attack, escaped, '縗\\', '漢\0'])
          expect(
            (await connection.execute('SELECT 1 AS one FROM DUAL WHERE ? = 1', [value]))[0],
            value,
          ).toEqual([])
      })
    },
  )

  test('where the text of mysql2 itself is not safe', async () => {
    await using pool = open()
    await pool.withConnection(async (connection) => {
      await connection.query('SET NAMES gbk')
      const [rows] = await connection.query('SELECT 1 AS one FROM DUAL WHERE ? = 1', [attack])
      expect(rows).toEqual([{ one: 1 }])
    })
  })
})
