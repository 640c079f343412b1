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

describe('functions', () => {
  leave('state, as what they do is not known', STATE, [
    'SELECT my_func(1)',
    'SELECT my_func /* here */ (1)',
    'SELECT shop.f()',
    'SELECT shop . f (1)',
    'SELECT `f`()',
    'SELECT `shop`.`f`()',
    'SELECT "f"()',
    'SELECT shop.abs(1)',
    'SELECT `a``b`(1)',
    'SELECT `count`(1)',
    'SELECT count (1)',
    'SELECT SUM/* a gap */(1)',
    'SELECT ??.??(1)',
    'SELECT $abs(1)',
    'SELECT abs$(1)',
    'SELECT \u017fin(1)',
    'SELECT 1 + f(1)',
    'SELECT abs(f(1))',
    'SELECT 1 FROM t WHERE a = 1 AND f(1)',
    'SELECT DISTINCT f(1)',
    'SELECT 1 IN (2, f(1))',
    'SELECT CASE WHEN f(1) THEN 1 END',
    'SELECT 1 UNION SELECT f(1)',
    'SELECT 1 AS a, f(1) AS b',
    'SELECT HIGH_PRIORITY f(1)',
    'SELECT * FROM t WHERE id IN (SELECT f(1))',
    'SELECT * FROM (SELECT f(1) AS a) AS t (a)',
    'SELECT a FROM t GROUP BY f(a) HAVING f(a) ORDER BY f(a) LIMIT 1',
    'WITH c (a) AS (SELECT f(1)) SELECT a FROM c',
    'INSERT INTO t (a) VALUES (f(1))',
    'INSERT INTO t (a) SELECT f(1)',
    'INSERT INTO t SET a = f(1)',
    'INSERT INTO t (a) VALUES (1) ON DUPLICATE KEY UPDATE a = f(VALUES(a))',
    'INSERT INTO t (a) VALUES (1) RETURNING f(a)',
    'REPLACE t (a) VALUES (f(1))',
    'UPDATE t SET a = f(1)',
    'DELETE FROM t WHERE f(a)',
    'VALUES (f(1))',
    'SHOW TABLES WHERE f(1)',
    'EXPLAIN SELECT f(1)',
    'ANALYZE SELECT f(1)',
    'CREATE TABLE t SELECT f(1) AS a',
    'CREATE TABLE t (a INT) AS WITH c (a) AS (SELECT 1) SELECT f(a) AS a FROM c',
    'CREATE TABLE t AS VALUES (f(1))',
    "ALTER TABLE t ADD a INT DEFAULT (GET_LOCK('k', 0))",
    'CREATE TABLE t (a INT DEFAULT (NEXT VALUE FOR s))',
    'SELECT s.NEXTVAL FROM DUAL',
    'SELECT * FROM t PROCEDURE ANALYSE()',
  ])
  leave('nothing: what programs and query builders write', CLEAN, [
    'select `id`, `name` from `customers` where (`customers`.`id` = ? and `customers`.`name` in (?, ?)) limit ?',
    'select distinct(`a`), count(*) as `count(*)`, COUNT(DISTINCT(`t`.`id`)) as `cnt` from `t` group by (`a`) having (count(*) > ?)',
    'insert into `orders` (`id`, `total`) values (?, ?), (default, default(`total`)) on duplicate key update `total` = values(`total`)',
    'insert ignore into `db`.`t` (`a`) values (?)',
    'INSERT INTO db.t(a) SELECT a FROM u',
    'INSERT t (a) VALUES (1)',
    'INSERT LOW_PRIORITY t (a) VALUES (1)',
    'INSERT HIGH_PRIORITY t (a) VALUES (1)',
    'INSERT INTO t VALUE (1)',
    'INSERT INTO t PARTITION (p0, p1) (a) VALUES (1)',
    'INSERT INTO ??.?? (??) VALUES ?',
    'INSERT INTO t (a) VALUES (1) AS new (b) ON DUPLICATE KEY UPDATE a = new.b',
    'INSERT INTO tabl\u00e9 (a) VALUES (1)',
    'REPLACE t (a) VALUES (1)',
    'REPLACE INTO `t`(`a`) VALUES ROW(1), ROW(2)',
    'SELECT REPLACE(a, 1, 2), INSERT(a, 1, 2, 3), `left`, LEFT(a, 1), IF(a, 1, 2), MOD(a, 2), CHAR(10), CHAR (10 USING utf8mb4)',
    'SELECT EXISTS (SELECT 1), NOT EXISTS(SELECT 1), 1 IN (1), (1) IN(1), 1 NOT IN (2), a = ANY (SELECT 1), a <> ALL(SELECT 1)',
    'SELECT a AND (b) OR (c) XOR (d), NOT (a), a BETWEEN (1) AND (2), a LIKE (b), a REGEXP (b), a DIV (b), a MOD (b)',
    'SELECT CASE (a) WHEN (1) THEN (2) ELSE (3) END',
    'SELECT SUM(a) OVER (PARTITION BY b ORDER BY c), ROW_NUMBER() OVER(ORDER BY a), LAG(a) OVER w FROM t WINDOW w AS (ORDER BY a)',
    'SELECT PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY a) OVER (PARTITION BY (b)) FROM t',
    'WITH c (a, b) AS (SELECT 1, 2), d(e) AS (SELECT a FROM c) SELECT * FROM d',
    'WITH RECURSIVE `n` (`i`) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i FROM n',
    'WITH a AS (SELECT 1), b AS (VALUES (1)) SELECT * FROM a',
    'SELECT * FROM (SELECT 1, 2) AS t (a, b)',
    'SELECT * FROM (SELECT 1, 2) t (a, b)',
    'SELECT * FROM (SELECT 1, 2) `t` (`a`, `b`)',
    'SELECT * FROM (VALUES ROW(1, 2)) AS `t`(`a`, `b`)',
    'SELECT * FROM t JOIN u USING (id) LEFT JOIN (v, w) ON (v.a = w.a) STRAIGHT_JOIN (x)',
    'SELECT * FROM t, LATERAL (SELECT a FROM u WHERE u.a = t.a) AS l',
    'SELECT * FROM t LEFT JOIN LATERAL (WITH c AS (SELECT 1) SELECT * FROM c) AS l ON TRUE',
    'SELECT * FROM t USE INDEX (a) IGNORE INDEX FOR ORDER BY (b) FORCE KEY FOR JOIN (c)',
    'SELECT * FROM t PARTITION (p0) WHERE a = 1 FOR UPDATE OF t SKIP LOCKED',
    "SELECT CAST(a AS DECIMAL(10, 2)), CAST(a AS CHAR(10)), CAST(a AS BINARY(16)), CONVERT(a, DECIMAL(10, 2)), CONVERT(a USING utf8mb4), CAST('1' AS DATETIME(6))",
    "SELECT JSON_VALUE(doc, '$.a' RETURNING DECIMAL(4, 2)), doc->>'$.a', JSON_UNQUOTE(JSON_EXTRACT(doc, ?)), JSON_ARRAYAGG(a), JSON_OBJECT('a', 1), 1 MEMBER OF ('[1]') FROM t",
    "SELECT * FROM JSON_TABLE(?, '$[*]' COLUMNS (id INT PATH '$.id', name VARCHAR(100) PATH '$.name', NESTED PATH '$.tags[*]' COLUMNS (tag VARCHAR(20) PATH '$'))) AS j",
    'SELECT * FROM JSON_TABLE(doc, "$[*]" COLUMNS(id INT PATH "$")) j',
    'SELECT * FROM JSON_TABLE(?, ? COLUMNS (id DECIMAL(10, 2) PATH "$")) j',
    "SELECT MATCH (a, b) AGAINST (? IN BOOLEAN MODE), MATCH(a) AGAINST('x' WITH QUERY EXPANSION) FROM t",
    "SELECT GROUP_CONCAT(DISTINCT a ORDER BY b SEPARATOR ', '), COUNT(DISTINCT a, b), SUM(DISTINCT a) FROM t",
    'SELECT NOW() - INTERVAL (1 + 1) DAY, INTERVAL(1, 2, 3), DATE_ADD(NOW(6), INTERVAL 1 DAY), TIMESTAMPDIFF(SECOND, a, b), EXTRACT(YEAR FROM a), DATE(a), YEAR(a)',
    "SELECT TRIM(BOTH 'x' FROM (a)), SUBSTRING(a FROM (2) FOR (3)), POSITION('a' IN b), WEIGHT_STRING(a AS CHAR(2))",
    'SELECT (a, b) = ROW(1, 2), (a, b) IN ((1, 2), (3, 4)), {fn NOW()}',
    'SELECT UUID(), UUID_SHORT(), UUID_TO_BIN(?), BIN_TO_UUID(id), SLEEP(1), BENCHMARK(1, 1), LOAD_FILE(?), LAST_INSERT_ID(), FOUND_ROWS(), ROW_COUNT()',
    "SELECT ST_Distance_Sphere(a, POINT(?, ?)), ST_AsText(a), ST_GeomFromText('POINT(1 1)', 4326), MBRContains(a, b)",
    'SELECT NVL(a, b), LASTVAL(s), PREVIOUS VALUE FOR s, IS_FREE_LOCK(?), ANY_VALUE(a), GROUPING(a), REGEXP_REPLACE(a, ?, ?)',
    'SELECT a FROM t GROUP BY (a) WITH ROLLUP ORDER BY (a), FIELD(a, ?, ?) LIMIT 5',
    "SELECT * FROM t INTO OUTFILE 'x' FIELDS TERMINATED BY ','",
    '(SELECT 1) UNION (SELECT 2) EXCEPT (SELECT 3) INTERSECT (SELECT 4) ORDER BY 1',
    'UPDATE `t` SET `a` = CASE WHEN (`id` = ?) THEN ? ELSE `a` END, b = DEFAULT(b) WHERE `id` IN (?)',
    'DELETE t FROM t INNER JOIN (SELECT id FROM u) AS x ON (x.id = t.id)',
    'SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND (SCHEMA() = USER())',
    'SHOW FULL COLUMNS FROM t WHERE Field IN (?)',
    'SELECT VERSION() AS `version`',
    'SELECT a FROM t FOR SYSTEM_TIME AS OF (NOW())',
    'SELECT VEC_DISTANCE_COSINE(v, VEC_FromText(?)) FROM t',
  ])
  leave('nothing: definitions', CLEAN, [
    'CREATE TABLE t (id INT PRIMARY KEY, KEY `by_id` (`id`))',
    "create table `t` (`id` serial auto_increment not null, `a` varchar(255) default 'x', `b` decimal(10,2), `c` enum('x','y'), `d` datetime(3) default current_timestamp(3) on update current_timestamp(3), `e` json default (json_object()), `f` binary(16) default (uuid_to_bin(uuid())), constraint `t_id` primary key(`id`), constraint `u` unique(`a`, `b`), unique key k (a(10)), fulltext ft (a), check (length(a) > 1), constraint fk foreign key (`x`) references `other`(`id`) on delete cascade)",
    'CREATE TABLE t (a INT, b INT AS (a + 1) STORED, c INT GENERATED ALWAYS AS (ABS(a)) VIRTUAL) ENGINE=InnoDB COMMENT="x (y)"',
    'CREATE TABLE t (a INT) PARTITION BY RANGE COLUMNS (a) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (MAXVALUE))',
    'CREATE TABLE t (a INT) PARTITION BY LIST (a) (PARTITION p0 VALUES IN (1, 2))',
    'CREATE TABLE t (temporary INT)',
    'CREATE TABLE t AS SELECT a, COUNT(*) AS n FROM u GROUP BY a',
    'CREATE UNIQUE INDEX `i` ON `t` (`a`, (LOWER(b)), c(10))',
    'ALTER TABLE `t` ADD CONSTRAINT `fk` FOREIGN KEY (`a`) REFERENCES `u`(`id`), ADD INDEX i (a), MODIFY b VARCHAR(10), ADD c VECTOR(3)',
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
