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
    'DO SLEEP(0.1)',
    'ANALYZE TABLE t',
    'ANALYZE FORMAT=JSON SELECT * FROM t WHERE a IN (1, 2)',
    'CHECK TABLE t',
    'CHECKSUM TABLE t',
    'OPTIMIZE TABLE t',
    'REPAIR TABLE t',
    'CACHE INDEX t KEY (a) IN hot',
    'GRANT SELECT (a), UPDATE (b) ON t TO clerk',
    "REVOKE ALL ON shop.* FROM 'clerk'@'%'",
    "HELP 'SELECT'",
    "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = ?",
    'COMMIT',
    'ROLLBACK AND NO CHAIN',
    'RELEASE SAVEPOINT s',
    'CREATE DATABASE shop',
    'CREATE SEQUENCE s',
    'CREATE DEFINER = CURRENT_USER() SQL SECURITY INVOKER VIEW v (a, b) AS SELECT 1, 2',
    'CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW INSERT INTO log (a) VALUES (NEW.a)',
    "CREATE USER clerk IDENTIFIED BY 'secret'",
    'DROP FUNCTION IF EXISTS f',
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
    'GET DIAGNOSTICS @n = NUMBER',
    "SET PASSWORD = PASSWORD('secret')",
    'SET @role = 1, @names = 2',
    'SET sql_safe_updates = 1',
    'SET PERSIST max_connections = 5',
    'UNLOCK TABLE',
    'DO 1, GET_LOCK(1, 0)',
    'DO f()',
    'CREATE TEMPORARY SEQUENCE s',
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
    'LOCK INSTANCE FOR BACKUP',
    'UNLOCK INSTANCE',
    'SET RESOURCE GROUP batch',
    'SET DEFAULT ROLE ALL TO clerk',
    'SET @@session.`character_set_client` = latin1',
    'SET SESSION AUTHORIZATION clerk@localhost',
    'SET @role = 1, ROLE clerk',
    'CREATE ROLE clerk',
    'DROP ROLE clerk',
    'ALTER INSTANCE RELOAD TLS',
    'DROP PREPARE p',
    'BEGIN SET @x = 1; END',
    'IF 1 THEN SET @x = 1; END IF',
    'WHILE 0 DO SELECT 1; END WHILE',
    'start_here: LOOP LEAVE start_here; END LOOP',
    'FOR i IN 1..3 DO SET @x = i; END FOR',
    'CASE WHEN 1 THEN SET @x = 1; END CASE',
    'REPEAT SET @x = 1; UNTIL 1 END REPEAT',
    'DECLARE x INT',
    'RETURN 1',
    'RESIGNAL',
    'START SLAVE',
    'STOP GROUP_REPLICATION',
    "CHANGE MASTER TO MASTER_HOST = 'h'",
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'h'",
    'RESET MASTER',
    "PURGE BINARY LOGS TO 'b'",
    "BINLOG 'x'",
    "INSTALL PLUGIN p SONAME 'p'",
    "UNINSTALL COMPONENT 'file://c'",
    "IMPORT TABLE FROM 'x'",
    "CLONE LOCAL DATA DIRECTORY = 'x'",
    'SHUTDOWN',
    'RESTART',
    "SELECT $a$ it's $a$",
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

test('long texts that are built anew and of one length are told apart', () => {
  const long = (what: string) => `SELECT ${what}, ${Array.from({ length: 200 }, (_, id) => id).join()}`
  for (let n = 0; n < 3; n++) {
    expect(effectOf(long('@x := 1'))).toBe(STATE)
    expect(effectOf(long('@x >= 1'))).toBe(CLEAN)
    expect(effectOf(long("'\\', 1"), false)).toBe(CLEAN)
    expect(effectOf(long("'\\', 1"), true)).toBe(UNKNOWN)
  }
})
