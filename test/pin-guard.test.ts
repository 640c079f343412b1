/**
 * Generated statements, too. A failure tells its seed: `SEED=1 npx vitest run test/pin-guard.test.ts` repeats it.
 */
import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import mysql from 'mysql2'
import { describe, expect, test } from 'vitest'
import { pinOf, pinOfCall } from '../src/policy/pinning.ts'
import { PINS, type Pin } from '../src/policy/pins.ts'
import { CLEAN, effectOf, TRANSACTION } from '../src/policy/session.ts'
import { databaseForFile } from './support/database.ts'
import { statements } from './support/generated-statements.ts'
import { difference, SessionObserver } from './support/session-observer.ts'

const server = databaseForFile()
const seed = Number(process.env.SEED ?? Date.now() % 1e9)

/** Texts and what they pin by; 16 KB and other lengths have a test of their own. */
const RULES: [rule: string, pin: Pin, texts: string[]][] = [
  [
    'a prepared statement in SQL',
    'prepared',
    ["PREPARE p FROM 'SELECT 1'", 'execute p', 'DEALLOCATE PREPARE p', "EXECUTE IMMEDIATE 'SELECT 1'"],
  ],
  [
    'locked tables',
    'lockedTables',
    [
      'LOCK TABLES t WRITE',
      'lock table t read',
      'FLUSH TABLES WITH READ LOCK',
      'FLUSH LOCAL TABLES a, b FOR EXPORT',
    ],
  ],
  [
    'a named lock',
    'namedLock',
    [
      "SELECT GET_LOCK('k', 1)",
      'DO get_lock(?, 0)',
      "SELECT 1 FROM t WHERE `GET_LOCK` ('k', 1)",
      "SELECT 1; DO GET_LOCK('k', 1)",
      "SELECT 1 FROM t JOIN u ON GET_LOCK('k', 1)",
      "SELECT REPLACE(GET_LOCK('k', 1), 1, 2)",
    ],
  ],
  [
    'a user variable',
    'userVariable',
    [
      'SET @a = 1',
      "SET time_zone = '+00:00', @`a` = 1",
      'SELECT @a := 1',
      'BEGIN NOT ATOMIC SET @a = 1; END',
      'SELECT 1; IF 1 THEN SET @a = 1; END IF',
      'SELECT c INTO @a FROM t',
      'SELECT c FROM t INTO @`a`, @b',
      'BEGIN NOT ATOMIC DECLARE x INT; SELECT 1, 2, 3 INTO x, `y`.z, @b; END',
      'CREATE FUNCTION f() RETURNS INT RETURN IF(1, 2, 3); SET @a = 1',
      'CREATE PROCEDURE IF NOT EXISTS p() DROP TABLE IF EXISTS t; SET @a = 1',
      'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW SET NEW.c = CASE WHEN 1 THEN 2 END; SET @a = 1',
      'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t WHERE IF(1, 2, 3); SET @a = 1',
      'CREATE INDEX event ON t (a); SET @a = 1',
      'GET DIAGNOSTICS @g = NUMBER',
      "LOAD DATA LOCAL INFILE 'x' INTO TABLE t (@a) SET c = @a",
    ],
  ],
  [
    'a system variable that is not tracked',
    'untracked',
    [
      'SET sort_buffer_size = 1',
      'SET SESSION sql_safe_updates = 1',
      'SET @@sql_log_bin = 0',
      'set @@session.`foreign_key_checks` = 0',
      'SET NAMES utf8mb4, max_execution_time = 5',
      "SET sql_mode = CONCAT(@@sql_mode, ',ANSI'), unique_checks = 0",
      'SET GLOBAL wait_timeout = 5',
      'SET ROLE clerk',
      'CREATE VIEW v AS SELECT CASE WHEN 1 THEN 2 END; SET ROLE clerk',
      'SET STATEMENT max_statement_time = 5 FOR SELECT 1',
    ],
  ],
  [
    'session tracking',
    'tracking',
    ['SET session_track_gtids = OWN_GTID', 'SET @@SESSION.session_track_state_change = 1'],
  ],
  [
    'the next transaction alone',
    'nextTransaction',
    [
      'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
      'SET TRANSACTION READ ONLY',
      "SET @@transaction_isolation = 'SERIALIZABLE'",
      'SET @@tx_read_only = 1',
    ],
  ],
  [
    'SET LOCAL',
    'local',
    ['SET LOCAL sort_buffer_size = 1', "SET @@local.time_zone = '+00:00'", 'SET LOCAL TRANSACTION READ ONLY'],
  ],
  [
    'a temporary table',
    'temporaryTable',
    [
      'CREATE TEMPORARY TABLE x (a INT)',
      'create or replace temporary table event (a int)',
      'CREATE TEMPORARY SEQUENCE view',
    ],
  ],
  [
    'the count of the statement before',
    'counted',
    ['SELECT ROW_COUNT()', 'SELECT FOUND_ROWS ()', 'DO 1, row_count()'],
  ],
  [
    'an executable comment',
    'executableComment',
    ['SELECT /*!80000 1 */', "SELECT 'a', 1 /*!, 2 */", 'INSERT /*M! IGNORE */ INTO t VALUES (1)'],
  ],
  [
    'what cannot be read, and may pin',
    'unreadable',
    ['SELECT "\\"", GET_LOCK(1, 1)', 'SET @a = "\\""', "SELECT '; SET @a = 1"],
  ],
]

describe('one test for each rule', () => {
  test.each(RULES)('%s', (_, pin, texts) => {
    expect(texts.map((sql) => [sql, pinOf(sql)])).toEqual(texts.map((sql) => [sql, pin]))
  })

  test('16 KB of UTF-8 do not pin, a byte more does', () => {
    const text = (bytes: number, letter: string) => {
      const filled = `SELECT '${letter.repeat((bytes - 9) / Buffer.byteLength(letter))}'`
      return filled.padEnd(filled.length + bytes - Buffer.byteLength(filled), ' ')
    }
    for (const letter of ['a', 'é', '漢', '🎉']) {
      expect([letter, pinOf(text(16_384, letter)), pinOf(text(16_385, letter))]).toEqual([
        letter,
        undefined,
        'long',
      ])
    }
  })
})

test('what RDS Proxy tracks, or does not look at, is not told', () => {
  const quiet = [
    'USE shop',
    'DROP DATABASE old',
    'SET NAMES utf8mb4 COLLATE utf8mb4_bin',
    'SET CHARACTER SET utf8mb4',
    'SET CHARSET utf8mb4',
    "SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI'), time_zone = '+00:00'",
    "SET sql_mode := ''",
    'SET autocommit = 1, @@wait_timeout = 7, @@session.net_write_timeout = 9',
    'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ ONLY',
    "SET SESSION transaction_isolation = 'READ-COMMITTED'",
    'SET session_track_schema = 1',
    'SELECT @a, @@sort_buffer_size',
    "SELECT RELEASE_LOCK('k'), IS_FREE_LOCK('k'), LAST_INSERT_ID()",
    'CALL sets_a_variable(@out)',
    'UNLOCK TABLES',
    'FLUSH TABLES',
    'CREATE TABLE temporary_things (a INT)',
    'CREATE PROCEDURE p() BEGIN SET @a = 1; DO GET_LOCK(1, 1); END',
    'CREATE FUNCTION f() RETURNS INT RETURN @a := 1; SELECT 1',
    'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @a = 1',
    'CREATE TRIGGER g BEFORE UPDATE ON t FOR EACH ROW IF 1 THEN SELECT 1; SET @a = 1; END IF',
    'CREATE FUNCTION f() RETURNS CHAR(9) CHARACTER SET utf8mb4 BEGIN SELECT 1; SET @a = 1; END',
    'CREATE DEFINER = `t`@table PROCEDURE p() l: LOOP SELECT 1; SET @a = 1; END LOOP',
    'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN SELECT 1; SET @a = 1; END',
    'CREATE TABLE row_count (id INT, KEY get_lock (id), UNIQUE found_rows (id))',
    'CREATE TABLE IF NOT EXISTS get_lock (id INT REFERENCES row_count (id))',
    'INSERT INTO row_count (id) VALUES (1)',
    'REPLACE get_lock (id) VALUES (1)',
    'CREATE UNIQUE INDEX i ON get_lock (id)',
    'CALL get_lock(1)',
    'SELECT 1 INTO x FROM t WHERE c IN (1, @b)',
    'START TRANSACTION READ ONLY',
    'SAVEPOINT s',
    'SELECT 1; SELECT 2',
    "INSERT INTO t VALUES ('SET @a = 1; GET_LOCK(1) /*! x */')",
    'SELECT /*+ MAX_EXECUTION_TIME(5) */ 1 -- SET @a = 1',
    'SELECT `get_lock`, prepare FROM locks',
    'SELECT "a \\" b"',
    'UPDATE t SET c = "\\"", d = 1',
  ]
  expect(quiet.filter((sql) => pinOf(sql))).toEqual([])
})

describe('values that become part of the text', () => {
  const pin = (sql: string, values: unknown) =>
    pinOfCall(sql, values, () => mysql.format(sql, values as never))

  test('count for its length', () => {
    for (const value of [
      'x'.repeat(16_400),
      '\\'.repeat(8_200),
      'é'.repeat(8_200),
      Buffer.alloc(8_200),
      ['x', 'y'.repeat(16_400)],
    ])
      expect(pin('INSERT INTO t VALUES (?)', [value])).toBe('long')
    expect(pin('INSERT INTO t VALUES (?)', ['x'.repeat(16_300)])).toBeUndefined()
    expect(pin('INSERT INTO t VALUES ?', [Array.from({ length: 1000 }, (_, id) => [id, 'some text'])])).toBe(
      'long',
    )
    expect(
      pin('INSERT INTO t VALUES ?', [Array.from({ length: 500 }, (_, id) => [id, 'some text'])]),
    ).toBeUndefined()
  })

  test('can be SQL, or names', () => {
    expect(pin('SELECT ?', [mysql.raw("GET_LOCK('k', 1)")])).toBe('namedLock')
    expect(pin('INSERT INTO t SET ?', { c: { toSqlString: () => '@a := 1' } })).toBe('userVariable')
    expect(pin('INSERT INTO t SET ?', { c: 'GET_LOCK(1)' })).toBeUndefined()
    expect(pin('SET ?? = ?', ['time_zone', '+00:00'])).toBeUndefined()
    expect(pin('SET ?? = ?', ['sort_buffer_size', 1])).toBe('untracked')
    expect(pin('SELECT ??(1, 1)', ['get_lock'])).toBe('namedLock')
    expect(pin('SELECT ?', ['GET_LOCK(1, 1)'])).toBeUndefined()
  })

  test('are not put into the text where they cannot matter', () => {
    const never = () => {
      throw new Error('formatted')
    }
    const values = [1, 'x', null, new Date(), true, Buffer.alloc(9), 5n, [1, 2]]
    expect(pinOfCall('UPDATE t SET c = ? WHERE d IN (?)', values, never)).toBeUndefined()
  })
})

describe(`generated statements (SEED=${seed})`, () => {
  test('no harmless one is told', () => {
    const told = fc
      .sample(statements, { numRuns: 4000, seed })
      .filter((sql) => (effectOf(sql) & ~TRANSACTION) === CLEAN && !/ROW_COUNT|FOUND_ROWS/i.test(sql))
      .filter((sql) => pinOf(sql))
    expect(told).toEqual([])
  })

  test('no other changes what RDS Proxy does not track', async () => {
    await using observer = await SessionObserver.open(server.current)
    await observer.reset()
    const before = await observer.look()
    const silent = fc
      .sample(statements, { numRuns: 2000, seed })
      .filter((sql) => effectOf(sql) !== CLEAN && !pinOf(sql) && !ROUTINES.test(sql))
    expect(silent.length).toBeGreaterThan(50)
    for (let at = 0; at < 100; at += 10) {
      const batch = silent.slice(at, at + 10)
      for (const sql of batch) await observer.run(sql)
      const changed = difference(before, await observer.look()).filter((entry) => !TRACKED.test(entry))
      expect([...batch, ...changed]).toEqual(batch)
      await observer.run('ROLLBACK')
      await observer.reset()
      await observer.run(`USE ${server.current.database}`)
    }
  })
})

/** What they do is not seen by RDS Proxy; each of these is, or may be, one. */
const ROUTINES = /\b(SETS|LOCKS|CALL)\b|SE``TS|\bABS\b|`count`|COUNT\/|\$ABS|ABS\$|\u017fin/i
/** And what it knows of by itself, or the server forgets with the transaction. */
const TRACKED =
  /^(temporary table: 1146 → 1046|db|tx|lastId|sequence|handler|@@(character_set_|collation_|sql_mode|time_zone|autocommit|wait_timeout|tx_|transaction_))/

test('docs/rds-proxy.md has a row for each reason', () => {
  const page = readFileSync(new URL('../docs/rds-proxy.md', import.meta.url), 'utf8')
  const section = page.split(/^## /m).find((part) => part.startsWith('What pins')) ?? ''
  const [, rows = ''] = section.split('| it says |')
  const told = [...rows.matchAll(/^\| (?!---)(.+?) \|/gm)].map(([, cell]) => cell)
  expect(told.toSorted()).toEqual(Object.values(PINS).toSorted())
})
