import { inspect } from 'node:util'
import mysql from 'mysql2'
import { describe, expect, test } from 'vitest'
import {
  BEYOND_RESET,
  CLEAN,
  cleanupOf,
  type Effect,
  effectOf,
  effectOfCall,
  STATE,
  TRANSACTION,
} from '../src/policy/session.ts'

const UNKNOWN = STATE | BEYOND_RESET

/** What may be left behind by a text, and texts that leave that. */
function leave(what: string, effect: Effect, texts: string[]): void {
  test.each(texts.map((sql) => [inspect(sql), sql]))(`${what}: %s`, (_, sql) => {
    expect(effectOf(sql)).toBe(effect)
  })
}

describe('statements', () => {
  leave('nothing', CLEAN, [
    'SELECT id, name FROM customers WHERE id = ?',
    '((select 1) union (select 2)) order by 1',
    'WITH q AS (SELECT 1 AS z) SELECT z FROM q',
    'VALUES (1), (2)',
    'TABLE customers',
    'SELECT * FROM orders FOR UPDATE',
    'SELECT * FROM t INTO OUTFILE ?',
    'INSERT INTO `orders` (`id`, `total`) VALUES (?, ?)',
    'INSERT INTO ?? (??) VALUES (?)',
    'INSERT INTO t SET a = 1 ON DUPLICATE KEY UPDATE a = a + 1',
    'REPLACE INTO t VALUES (1)',
    'UPDATE stock SET left_over = left_over - 1 WHERE id = ?',
    'DELETE FROM t WHERE id IN (?)',
    'SHOW TABLES',
    'DESCRIBE t',
    'EXPLAIN SELECT 1',
    'KILL QUERY 7',
    'COMMIT',
    'ROLLBACK AND NO CHAIN',
    'RELEASE SAVEPOINT s',
    'CREATE TABLE t (id INT PRIMARY KEY, KEY `by_id` (`id`))',
    'CREATE DATABASE shop',
    'ALTER TABLE t ADD COLUMN a INT, ALGORITHM=INSTANT, LOCK=NONE',
    'DROP TABLE IF EXISTS t',
    'TRUNCATE t',
    'RENAME TABLE a TO b',
    '',
    ';;',
    '-- nothing at all',
  ])
  leave('a transaction', TRANSACTION, [
    'START TRANSACTION',
    'START TRANSACTION READ ONLY, WITH CONSISTENT SNAPSHOT',
    'begin',
    'BEGIN WORK',
    'SAVEPOINT s',
    'COMMIT AND CHAIN',
    'ROLLBACK WORK AND CHAIN NO RELEASE',
    'COMMIT AND CHAIN; SELECT 1',
    'SELECT 1; BEGIN',
  ])
  leave('state', STATE, [
    'SET @x = 1',
    "SET time_zone = '+00:00'",
    'SET SESSION sql_mode = ?',
    'SET GLOBAL max_connections = 5',
    'SET TRANSACTION ISOLATION LEVEL READ COMMITTED',
    'SET autocommit = 0',
    'DO RELEASE_ALL_LOCKS()',
    'CALL refresh()',
    'CREATE TEMPORARY TABLE tmp (a INT)',
    'CREATE OR REPLACE TEMPORARY TABLE tmp AS SELECT 1',
    'DROP TEMPORARY TABLE tmp',
    'LOCK TABLES t WRITE',
    'UNLOCK TABLES',
    'FLUSH TABLES WITH READ LOCK',
    'HANDLER t OPEN',
    'LOAD DATA LOCAL INFILE ? INTO TABLE t (@a)',
    'SELECT 1; SET @x = 1; SELECT 2',
  ])
  leave('what no reset clears, or nobody can tell', UNKNOWN, [
    'USE other',
    'DROP DATABASE shop',
    'DROP SCHEMA IF EXISTS shop',
    'CREATE OR REPLACE DATABASE shop',
    'ALTER DATABASE shop CHARACTER SET latin1',
    'SET NAMES latin1',
    'SET CHARACTER SET latin1',
    'SET @@session.collation_connection = ?',
    'SET `character_set_results` = NULL',
    'SET ROLE clerk',
    'SET STATEMENT max_statement_time = 1 FOR USE other',
    'PREPARE p FROM ?',
    'EXECUTE p USING @a',
    "EXECUTE IMMEDIATE 'SET @x = 1'",
    'DEALLOCATE PREPARE p',
    "XA START 'x'",
    'BEGIN NOT ATOMIC SET @x = 1; END',
    'BACKUP STAGE START',
    'GET DIAGNOSTICS @n = NUMBER',
    'SELECT 1 /*! , GET_LOCK(1, 1) */',
    '/*!50000 SET @x = 1 */',
    '/*M! SET @x = 1 */',
    "SELECT 'open",
    'SELECT 1 /* open',
    'SELECT "ambiguous \\" under ANSI_QUOTES"',
    'SELECT 1 # a NUL ends a comment\0, GET_LOCK(1, 1)',
    "CREATE FUNCTION f() RETURNS INT LANGUAGE JAVASCRIPT AS $$ it's $$",
    'FROBNICATE',
    '?',
  ])
})

describe('expressions, wherever they stand', () => {
  leave('state', STATE, [
    'SELECT @x := 1',
    'SELECT @x:=@x+1 FROM t',
    'SELECT id INTO @x FROM t',
    'SELECT id FROM t INTO /* here */ @`a b`, @c',
    'select get_lock(?, 0)',
    "SELECT Get_Lock /* ; */ ('k', 0)",
    "SELECT `get_lock`('k', 0)",
    'SELECT "get_lock"("k", 0)',
    'SELECT ??(?, 0)',
    'SELECT RELEASE_LOCK(?)',
    'SELECT service_get_read_locks(?, ?, 0)',
    'SELECT version_tokens_lock_shared(?, 0)',
    'SELECT LAST_INSERT_ID(5)',
    'INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE id = LAST_INSERT_ID(id)',
    'SELECT NEXT VALUE FOR s',
    'SELECT NEXTVAL(s)',
    'SELECT SETVAL(s, 1)',
    'WITH q AS (SELECT @x := 1 AS z) SELECT z FROM q',
    'VALUES (@x := 1)',
    'TABLE t INTO @x',
    'UPDATE t SET a = (@x := a)',
    'DELETE FROM t WHERE @x := id',
    'INSERT INTO t VALUES (1) RETURNING @x := 1',
    'SHOW VARIABLES WHERE @x := 1',
    'EXPLAIN SELECT @x := 1',
    'KILL QUERY (@x := 7)',
    'CREATE TABLE t AS SELECT @x := 1 AS a',
    "SELECT 'text', @x := 1",
    "SELECT 'it''s', @x := 1, '''' ",
    "SELECT 'it\\'s', @x := 1, '\\'' ",
    'SELECT 1 -- comment\n, @x := 1',
    'SELECT 1--1, @x := 1',
    'SELECT 1 # comment\n, @x := 1',
    'SELECT 1 /* comment */ , @x := 1',
    'SELECT /*+ a hint */ @x := 1',
    'SELECT 1 --\x7f"\n, @x := 1 -- "',
  ])
  leave('nothing', CLEAN, [
    'SELECT LAST_INSERT_ID()',
    'SELECT @x, @@time_zone',
    "SELECT '@x := 1; GET_LOCK(1)'",
    "SELECT 'it\\'s; SET @x = 1'",
    'SELECT "USE other"',
    'SELECT `;` FROM `SET @x = 1`',
    'SELECT 1 -- ; SET @x = 1',
    'SELECT 1 # ; SET @x = 1',
    'SELECT 1 /* ; SET @x = 1 */',
    'SELECT 1 --\n',
    'SELECT get_lock FROM t',
    'SELECT next, value FROM t',
  ])

  test('a backslash is a character like any other under NO_BACKSLASH_ESCAPES', () => {
    const sql = "SELECT 'a\\', @x := 1, '"
    expect(effectOf(sql, true)).toBe(CLEAN)
    expect(effectOf(sql, false)).toBe(UNKNOWN)
    expect(effectOf(`${sql}'`, true)).toBe(UNKNOWN)
    expect(effectOf(`${sql}'`, false)).toBe(STATE)
  })
})

describe('values', () => {
  const raw = mysql.raw('@x := 1')
  class Entity {
    total = raw
  }
  test.each<[string, unknown]>([
    ['a list', [1, raw]],
    ['a list of lists', [[[1, [raw]]]]],
    ['a set in a list', [new Set([raw])]],
    ['an object of SET ?', [{ total: raw }]],
    ['an instance of a class', [new Entity()]],
    ['a map', [new Map([['total', raw]])]],
    ['named placeholders', { row: { total: [raw] } }],
    ['a single value', raw],
  ])('SQL in %s is as unknown as an unknown statement', (_, values) => {
    expect(effectOfCall('SELECT ?', values)).toBe(UNKNOWN)
    expect(effectOfCall({ sql: 'SELECT ?', values }, undefined)).toBe(UNKNOWN)
  })

  test('ordinary values leave the statement what it is', () => {
    const circle: Record<string, unknown> = { name: 'around' }
    circle.self = circle
    const values = [1, 'a', null, new Date(), Buffer.from('x'), { a: { b: { c: raw } } }, [[1]], circle]
    expect(effectOfCall('SELECT ?', values)).toBe(CLEAN)
    expect(effectOfCall('BEGIN', values)).toBe(TRANSACTION)
    expect(effectOfCall('SELECT 1', undefined)).toBe(CLEAN)
  })
})

test('the cheapest cleaning that is enough', () => {
  const table: [Effect, string, string][] = [
    [CLEAN, 'none', 'none'],
    [TRANSACTION, 'rollback', 'rollback'],
    [STATE, 'reset', 'evict'],
    [STATE | TRANSACTION, 'reset', 'evict'],
    [BEYOND_RESET, 'evict', 'evict'],
  ]
  for (const [effect, direct, proxied] of table)
    expect([cleanupOf(effect, false), cleanupOf(effect, true)]).toEqual([direct, proxied])
})

test('a text is remembered, and thousands of others do not change what it means', () => {
  for (let id = 0; id < 3000; id++) expect(effectOf(`SELECT ${id}`)).toBe(CLEAN)
  expect(effectOf('SET @x = 1')).toBe(STATE)
  expect(effectOf('SET @x = 1')).toBe(STATE)
})
