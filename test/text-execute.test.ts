import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { executeText } from '../src/policy/execute-text.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let prepared: Pool
let text: Pool

beforeAll(async () => {
  prepared = createPool({ name: 'prepared', connection: server.current.url })
  text = createPool({ name: 'text', connection: server.current.url, proxy: true })
  await prepared.query(
    'CREATE TABLE kept (s TEXT, b BLOB, j JSON, d DATETIME(6), n DOUBLE, m DECIMAL(40,10))',
  )
})
afterAll(async () => {
  await prepared.end()
  await text.end()
})

/** The rows, or the error's words. */
async function outcome(pool: Pool, sql: string, values?: unknown): Promise<unknown> {
  return pool.execute(sql, values as never).then(
    ([rows]) => rows,
    (error: Error) => error.message,
  )
}

/** What execute gives when it is prepared, and when it goes as text. */
async function both(sql: string, values?: unknown): Promise<[unknown, unknown]> {
  return [await outcome(prepared, sql, values), await outcome(text, sql, values)]
}

/** As text the server prints some doubles with a digit less than it takes to tell them apart; it reads all of them right. */
function asPrinted(rows: unknown): unknown {
  const column = (value: unknown) => (typeof value === 'number' ? Number(value.toPrecision(15)) : value)
  return (rows as object[]).map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, column(value)])),
  )
}

const injection = { toSqlString: () => "'x'); DROP TABLE kept; --" }
class WithJson {
  toJSON() {
    return { k: "it's" }
  }
}

const VALUES: [what: string, value: unknown][] = [
  ['a whole number', 5],
  ['a negative one', -5],
  ['one past 2^53', 1e20],
  ['one with an exponent', 1e300],
  ['a fraction', 0.1 + 0.2],
  ['a small fraction', 5e-324],
  ['minus nothing', -0],
  ['a bigint', 12345678901234567890n],
  ['true', true],
  ['false', false],
  ['null', null],
  ['a date', new Date('2024-02-29T12:34:56.789Z')],
  ['a date before 1970', new Date('1901-12-13T20:45:52.001Z')],
  ['bytes', Buffer.from([0, 1, 34, 39, 92, 26, 255])],
  ['an object', { a: 1, b: "it's", c: [null, { d: '"' }] }],
  ['an empty object', {}],
  ['a list', [1, 'two', [3, null]]],
  ['an empty list', []],
  ['an object that makes its own JSON', new WithJson()],
  ['an empty text', ''],
  ['quotes and backslashes', `'' " \` \\ \\' \\\\ '); DROP TABLE kept; -- `],
  ['control characters', '\0 \b \t \n \r \x1a % _'],
  ['many alphabets', 'grüße 漢字 🎉 \u{10ffff} \u2028'],
  ['question marks', '? ?? :name'],
  ['SQL of its own', injection],
  ['SQL in a list', [injection]],
  ['SQL in an object', { a: injection, toSqlString: () => '1' }],
]

describe('a value is the same, prepared and as text', () => {
  test.each(VALUES)('%s, read back', async (_, value) => {
    const [one, other] = await both('SELECT ? AS v', [value])
    expect(one).toMatchObject([{ v: expect.toSatisfy(() => true) }])
    expect(other).toEqual(one)
  })

  test.each(VALUES)('%s, kept in columns', async (_, value) => {
    for (const column of ['s', 'b', 'j', 'd', 'n', 'm']) {
      const rows = []
      for (const pool of [prepared, text]) {
        await prepared.query('DELETE FROM kept')
        const said = await outcome(pool, `INSERT INTO kept (${column}) VALUES (?)`, [value])
        rows.push(
          typeof said === 'string' ? said : (await prepared.query(`SELECT ${column} AS v FROM kept`))[0],
        )
      }
      expect(rows[1], column).toEqual(rows[0])
    }
  })

  test('bytes in a Uint8Array are bytes', async () => {
    const bytes = new Uint8Array(Buffer.from([7, 0, 39, 255, 9])).subarray(1, 4)
    expect(await outcome(text, 'SELECT HEX(?) AS v', [bytes])).toEqual([{ v: '0027FF' }])
  })

  test('whatever the values are', async () => {
    const value = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ unit: fc.constantFrom(...`'"\\\`?;-#/*\0\n\x1a%é`) }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.integer(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n }),
      fc.boolean(),
      fc.constant(null),
      fc.uint8Array().map((bytes) => Buffer.from(bytes)),
      fc.date({ min: new Date('1000-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
      fc.json().map((json) => [JSON.parse(json)]),
    )
    const property = fc.asyncProperty(value, value, value, async (a, b, c) => {
      const sql = `SELECT ? AS a, '? '' \\\\ ?' AS t, "?" AS u, ? /* ? ' */ AS b, -- ?"\n ? AS \`c?\` # ?`
      const [one, other] = await both(sql, [a, b, c])
      expect(one).toHaveLength(1)
      expect(asPrinted(other)).toEqual(asPrinted(one))
    })
    await fc.assert(property, { numRuns: 300 })
  })

  test.each(['local', 'Z', '+05:30', '-11:00'])('a date in the time zone %s', async (timezone) => {
    const { host, port, user, password, database } = server.current
    const connection = { host, port, user, password, database, timezone }
    const date = new Date('2024-02-29T12:34:56.789Z')
    const seen = []
    for (const proxy of [false, true]) {
      await using pool = createPool({ connection, proxy })
      seen.push(await outcome(pool, 'SELECT ? AS v, CAST(? AS CHAR) AS t', [date, date]))
    }
    expect(seen[0]).toMatchObject([{ v: date }])
    expect(seen[1]).toEqual(seen[0])
  })

  test('named placeholders', async () => {
    const { host, port, user, password, database } = server.current
    const connection = { host, port, user, password, database, namedPlaceholders: true }
    for (const proxy of [false, true]) {
      await using pool = createPool({ connection, proxy })
      const named = { a: ':b', b: { c: 1 }, never: 'used' }
      expect(await outcome(pool, "SELECT :a AS a, :b AS b, ':a' AS t, :a AS again", named)).toEqual([
        { a: ':b', b: '{"c":1}', t: ':a', again: ':b' },
      ])
      expect(await outcome(pool, 'SELECT ? AS a', [1])).toEqual([{ a: 1 }])
      expect(await outcome(pool, 'SELECT :a AS a', {})).toMatch(/^Bind parameters must not contain undefined/)
    }
  })

  test('an options object, with its own values', async () => {
    for (const pool of [prepared, text]) {
      const [rows] = await pool.execute({ sql: 'SELECT ? AS a', values: ['own'], rowsAsArray: true })
      expect(rows).toEqual([['own']])
    }
  })

  test('what stands right beside a placeholder stays apart from its value', async () => {
    const sql = 'SELECT 5-? AS a, 5--? AS b, -? AS c, 2*? AS d, ?-1 AS e, (?)AS f, NOT? AS g'
    const expected = [{ a: 8, b: 2, c: 3, d: -6, e: -4, f: -3, g: 0 }]
    const values = Array(7).fill(-3)
    expect(await outcome(text, sql, values)).toEqual(expected)
    expect(await both('SELECT 5-? AS a, 5--? AS b, -? AS c, 2*? AS d', [-3, -3, -3, -3])).toEqual([
      [{ a: 8, b: 2, c: 3, d: -6 }],
      [{ a: 8, b: 2, c: 3, d: -6 }],
    ])
    for (const sql of ['SELECT 1? AS v', 'SELECT 1e? AS v', 'SELECT ?? AS v', "SELECT 'a'? AS v"]) {
      const values = Array(sql.split('?').length - 1).fill(5)
      const [one, other] = await both(sql, values)
      expect([one, other], sql).toEqual([expect.stringMatching(/syntax/), expect.stringMatching(/syntax/)])
    }
  })

  test('a date has no more of a fraction than when it is bound', async () => {
    for (const date of ['2024-02-29T12:34:56.789Z', '2024-02-29T12:34:56.000Z', '2024-02-29T00:00:00.000Z']) {
      const [one, other] = await both('SELECT CONCAT(?) AS v, ? AS d', [new Date(date), new Date(date)])
      expect(other).toEqual(one)
    }
  })

  test('a quoted text beside a placeholder is a name, and no part of the value', async () => {
    const sqls = [
      "SELECT ? 'v'",
      'SELECT ?"v"',
      "SELECT ?'v'",
      "SELECT ? /* it's */ 'v'",
      "SELECT 'a' = ? 'v'",
      "SELECT 1 'w', ? -- it\n 'v'",
    ]
    for (const sql of sqls)
      for (const value of ['a', 5, new Date(0), Buffer.from('a')]) {
        const [one, other] = await both(sql, [value])
        expect(one, sql).toEqual([expect.objectContaining({ v: expect.anything() })])
        expect(other, sql).toEqual(one)
      }
    for (const sql of ["SELECT 'a' ? AS v", 'SELECT "a"/**/? AS v', 'SELECT ? ? AS v'])
      expect(await outcome(text, sql, sql.includes('? ?') ? ['b', 'c'] : ['b']), sql).toMatch(/syntax/)
  })

  test('a number of rows can be a text, whatever stands between it and its LIMIT', async () => {
    const union = 'SELECT 1 AS a UNION SELECT 2 UNION SELECT 3'
    for (const limit of ['LIMIT ?', 'LIMIT?', 'LIMIT/**/?', 'limit -- ?\n ?'])
      for (const value of [1, 1n, '1'])
        expect(await both(`${union} ${limit}`, [value]), limit).toEqual([[{ a: 1 }], [{ a: 1 }]])
    for (const limit of ['LIMIT ?,?', 'LIMIT/*,*/?/**/,/**/?', `LIMIT 1 OFFSET?`])
      expect((await both(`${union} ${limit}`, limit.includes('OFF') ? ['1'] : ['1', '1']))[1]).toEqual([
        { a: 2 },
      ])
    const comment = "SELECT '5' = /* LIMIT */ ? AS a, 5 = -- LIMIT\n ? AS b, COERCIBILITY(-- LIMIT\n ?) AS c"
    const [one, other] = await both(comment, ['5', '5', '5'])
    expect(other).toEqual(one)
    expect(executeText('SELECT -- LIMIT\n ?', ['5'], { utf8: true, quote: () => '' })).toBe(
      "SELECT -- LIMIT\n '5'",
    )
  })
})

test('two dashes, which begin a comment to some, never come together', () => {
  const quote = () => ''
  expect(executeText('SELECT 5-?, 5 - ?', [-3, -3], { utf8: true, quote })).toBe('SELECT 5-(-3), 5 - -3')
})

test('a text without values is sent as it is', () => {
  const never = {
    utf8: true,
    quote: () => {
      throw new Error('nothing to quote')
    },
  }
  for (const values of [undefined, null, []])
    expect(executeText("SELECT '?' /*! ? */", values, never)).toBe("SELECT '?' /*! ? */")
})
