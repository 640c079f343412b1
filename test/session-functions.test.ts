import { createConnection, type Connection as ServerSession } from 'mysql2/promise'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { QUIET, QUIET_WITHOUT_GAP } from '../src/policy/functions.ts'
import { databaseForFile } from './support/database.ts'

/**
 * Built in only with MySQL, or with MariaDB from 11 on: elsewhere they are free for a stored function. So are JSON_TABLE where no
 * table can stand, and POINT with one argument.
 */
const ELSEWHERE = new Set(
  (
    'ANY_VALUE BIN_TO_UUID FORMAT_BYTES FORMAT_PICO_TIME GROUPING GTID_SUBSET GTID_SUBTRACT IS_UUID JSON_SCHEMA_VALID ' +
    'JSON_STORAGE_SIZE JSON_TABLE POINT REGEXP_LIKE STATEMENT_DIGEST STATEMENT_DIGEST_TEXT STRING_TO_VECTOR ST_GEOHASH ' +
    'ST_ISVALID ST_LATITUDE ST_LONGITUDE ST_MAKEENVELOPE ST_SIMPLIFY ST_TRANSFORM UUID_TO_BIN UUID_V4 UUID_V7 VECTOR_DIM ' +
    'VECTOR_TO_STRING VEC_DISTANCE VEC_DISTANCE_COSINE VEC_DISTANCE_EUCLIDEAN VEC_FROMTEXT VEC_TOTEXT'
  ).split(' '),
)

const server = databaseForFile()
let session: ServerSession

beforeAll(async () => {
  session = await createConnection({
    ...server.current.administrator,
    database: server.current.database,
    multipleStatements: true,
  })
  const named = [...QUIET, ...QUIET_WITHOUT_GAP, 'ordinary'].map(
    (name) =>
      `CREATE OR REPLACE FUNCTION \`${name}\`(a INT) RETURNS INT BEGIN SET @called = 1; RETURN a; END`,
  )
  await session.query(named.join(';'))
})
afterAll(() => session.end())

/** The names by which stored functions of these names are called. */
async function called(written: (name: string) => string, names: Iterable<string>): Promise<string[]> {
  const found: string[] = []
  for (const name of names) {
    await session.query('SET @called = NULL')
    await session.query(`SELECT ${written(name)}`).catch(() => {})
    const [[row]] = (await session.query('SELECT @called AS called')) as unknown as [[{ called: unknown }]]
    if (row.called !== null) found.push(name)
  }
  return found
}

test('a stored function is seen when it is called', async () => {
  expect(await called((name) => `${name}(0)`, ['ordinary', 'abs'])).toEqual(['ordinary'])
  expect(await called((name) => `${name}/**/(0)`, ['ordinary', 'abs', 'count'])).toEqual([
    'ordinary',
    'count',
  ])
})

test('a name that is known to leave nothing calls no stored function of the same name', async () => {
  const names = [...QUIET, ...QUIET_WITHOUT_GAP].filter((name) => !ELSEWHERE.has(name))
  expect(await called((name) => `${name}(0)`, names)).toEqual([])
  expect(await called((name) => `${name} (0)`, QUIET_WITHOUT_GAP)).toEqual([])
})

test('nor does one with a comment before its parenthesis, but those of which that is known', async () => {
  const names = [...QUIET].filter((name) => !ELSEWHERE.has(name))
  expect(await called((name) => `${name}/**/(0)`, names)).toEqual([])
})
