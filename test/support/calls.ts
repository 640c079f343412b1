import { Readable } from 'node:stream'
import mysql, { type ConnectionOptions, type TypeCast } from 'mysql2'
import type { Pool } from 'mysql2/promise'

/** What pools and connections have in common. */
export type Queryable = Pick<Pool, 'query' | 'execute' | 'escape' | 'escapeId' | 'format'>

/** What is done, and how, on a pool or connection made with these options. */
type Call = [what: string, call: (on: Queryable) => unknown, options?: ConnectionOptions]

/** What the calls find: a table that holds one row, and a procedure. */
export const schema = [
  'CREATE TABLE things (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) UNIQUE, at DATETIME(3), big BIGINT, price DECIMAL(10,2), doc JSON, raw VARBINARY(20))',
  'INSERT INTO things VALUES (1, "one", "2026-02-03 04:05:06.789", 9007199254740993, 12.30, "{}", 0x00ff)',
  'CREATE PROCEDURE both_results() BEGIN SELECT 1 AS one; SELECT 2 AS two; END',
]
/** Undoes what a call has written. */
export const undo = ['DELETE FROM things WHERE id > 1', 'ALTER TABLE things AUTO_INCREMENT = 2']

const at = new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 678))
const insert = 'INSERT INTO things (name, at, big, doc, raw) VALUES (?, ?, ?, ?, ?)'
const inserted =
  'SELECT CAST(at AS CHAR) AS at, CAST(big AS CHAR) AS big, CAST(doc AS CHAR) AS doc, HEX(raw) AS raw FROM things'
const numbers: TypeCast = (field, next) => (field.type === 'NEWDECIMAL' ? Number(field.string()) : next())
const twice = 'SELECT a.id, b.id FROM things a, things b'
const file = 'LOAD DATA LOCAL INFILE "x" INTO TABLE things (id, name)'
const textual = { toString: () => 'text' }

export const queries: Call[] = [
  ['text', (on) => on.query('SELECT 1 AS one')],
  ['text and values', (on) => on.query('SELECT ? AS a, ? AS b', [1, 'two'])],
  ['one value', (on) => on.query('SELECT ? AS a', 1)],
  ['an object', (on) => on.query({ sql: 'SELECT ? AS a', values: [1] })],
  ['an object and values', (on) => on.query({ sql: 'SELECT ? AS a' }, [1])],
  ['an object with values, and values', (on) => on.query({ sql: 'SELECT ? AS a', values: [1] }, [2])],
  ['values for SET', (on) => on.query('UPDATE things SET ? WHERE id = 1', { name: 'one' })],
  ['a list', (on) => on.query('SELECT id FROM things WHERE id IN (?)', [[1, 2, 3]])],
  ['an identifier', (on) => on.query('SELECT ?? FROM things', ['id'])],
  ['raw SQL', (on) => on.query('SELECT ? AS a', [mysql.raw('1 + 1')])],
  ['undefined', (on) => on.query('SELECT ? AS a', [undefined])],
  ['no rows', (on) => on.query('SELECT id FROM things WHERE id = 0')],
  ['a header', (on) => on.query('INSERT INTO things (name) VALUES ("x"), ("y")')],
  ['rows found, not changed', (on) => on.query('UPDATE things SET id = 1 WHERE id = 1')],
  ['values of all kinds', (on) => on.query(insert, ['two', at, 2n ** 60n, '{}', Buffer.from('b')])],
  ['rows as arrays', (on) => on.query({ sql: 'SELECT 1, 2', rowsAsArray: true })],
  ['rows as arrays, always', (on) => on.query('SELECT 1, 2'), { rowsAsArray: true }],
  ['nested tables', (on) => on.query({ sql: twice, nestTables: true })],
  ['tables as prefixes', (on) => on.query({ sql: twice, nestTables: '_' })],
  ['no type cast', (on) => on.query({ sql: 'SELECT * FROM things', typeCast: false })],
  ['a type cast', (on) => on.query({ sql: 'SELECT * FROM things', typeCast: numbers })],
  ['a type cast, always', (on) => on.query('SELECT price FROM things'), { typeCast: numbers }],
  ['dates', (on) => on.query('SELECT at, ? AS given FROM things', [at])],
  ['dates in UTC', (on) => on.query('SELECT at, ? AS given FROM things', [at]), { timezone: 'Z' }],
  ['dates elsewhere', (on) => on.query('SELECT at, ? AS b FROM things', [at]), { timezone: '+05:30' }],
  ['dates as texts', (on) => on.query('SELECT at FROM things'), { dateStrings: true }],
  ['big numbers', (on) => on.query('SELECT big, doc FROM things')],
  ['big numbers kept', (on) => on.query('SELECT big, 1 FROM things'), { supportBigNumbers: true }],
  ['decimal numbers', (on) => on.query('SELECT price FROM things'), { decimalNumbers: true }],
  ['JSON as text', (on) => on.query('SELECT doc FROM things'), { jsonStrings: true }],
  ['text of four bytes', (on) => on.query('SELECT ? AS a, LENGTH(?) AS bytes', ['😀', '😀'])],
  ['objects as texts', (on) => on.query('SELECT ? AS a', [textual]), { stringifyObjects: true }],
  ['a format', (on) => on.query('SELECT #', [7]), { queryFormat: (sql: string) => sql.replace('#', '7') }],
  ['named placeholders', (on) => on.query('SELECT :a AS a', { a: 1 }), { namedPlaceholders: true }],
  ['one named', (on) => on.query({ sql: 'SELECT :a AS a', namedPlaceholders: true }, { a: 1 })],
  ['several statements', (on) => on.query('SELECT 1; DO 1; SELECT 2'), { multipleStatements: true }],
  ['a procedure', (on) => on.query('CALL both_results()')],
  [
    'a file',
    (on) => on.query({ sql: file, infileStreamFactory: () => Readable.from([Buffer.from('7\tx')]) }),
  ],
]

export const executions: Call[] = [
  ['text', (on) => on.execute('SELECT * FROM things')],
  ['text and values', (on) => on.execute('SELECT ? AS a, ? AS b', [1, 'two'])],
  ['an object', (on) => on.execute({ sql: 'SELECT ? AS a', values: [1] })],
  ['an object and values', (on) => on.execute({ sql: 'SELECT ? AS a' }, [1])],
  ['an object with values, and values', (on) => on.execute({ sql: 'SELECT ? AS a', values: [1] }, [2])],
  ['rows as arrays', (on) => on.execute({ sql: 'SELECT 1, 2', rowsAsArray: true })],
  ['a header', (on) => on.execute('INSERT INTO things (name) VALUES (?)', ['x'])],
  [
    'values of all kinds',
    async (on) => {
      await on.execute(insert, ['two', at, 2n ** 60n, { a: null } as never, Buffer.from('b')])
      return on.query(inserted)
    },
  ],
  ['an array as JSON', (on) => on.execute('SELECT JSON_LENGTH(?) AS length', [[1, [2], { a: 3 }]])],
  ['null and true', (on) => on.execute('SELECT ? AS a, ? AS b', [null, true])],
  ['bytes', (on) => on.execute('SELECT HEX(?) AS a', [new Uint8Array([1, 255])])],
  ['dates', (on) => on.execute('SELECT at, at > ? AS later FROM things', [at]), { timezone: '+05:30' }],
  ['named placeholders', (on) => on.execute('SELECT :a AS a', { a: 1 }), { namedPlaceholders: true }],
  ['one named', (on) => on.execute({ sql: 'SELECT :a AS a', namedPlaceholders: true }, { a: 1 })],
  ['an array for names', (on) => on.execute('SELECT ? AS a', [1]), { namedPlaceholders: true }],
  ['a procedure', (on) => on.execute('CALL both_results()')],
  [
    'the same text again',
    async (on) => {
      await on.execute('SELECT ? AS a', [1])
      return on.execute('SELECT ? AS a', [2])
    },
  ],
]

export const failures: Call[] = [
  ['bad SQL', (on) => on.query('SELEC 1')],
  ['bad SQL to execute', (on) => on.execute('SELEC 1')],
  ['no SQL', (on) => on.query('')],
  ['a table that is not there', (on) => on.query('SELECT 1 FROM nowhere')],
  ['a duplicate', (on) => on.query('INSERT INTO things (name) VALUES (?)', ['one'])],
  ['a duplicate to execute', (on) => on.execute('INSERT INTO things (name) VALUES (?)', ['one'])],
  ['one statement too many', (on) => on.query('SELECT 1; SELECT 2')],
  ['undefined to execute', (on) => on.execute('SELECT ? AS a', [undefined as never])],
  ['a function to execute', (on) => on.execute('SELECT ? AS a', [(() => {}) as never])],
  ['an object to execute', (on) => on.execute('SELECT ? AS a', { a: 1 })],
  ['too few values to execute', (on) => on.execute('SELECT ? AS a, ? AS b', [1])],
  ['a name without value', (on) => on.execute('SELECT :a AS a', {}), { namedPlaceholders: true }],
  ['a callback', async (on) => on.query('SELECT 1', (() => {}) as never)],
  ['a callback to execute', async (on) => on.execute('SELECT 1', (() => {}) as never)],
]

const escaped = (on: Queryable) => [on.escape("it's"), on.escape(at), on.escape(textual)]
const formatted = (on: Queryable) => on.format('?? ? ?', ['a.b`c', at, textual])

export const escapes: Call[] = [
  ['values', escaped],
  ['identifiers', (on) => [on.escapeId('a.b`c'), on.escapeId(['a', 'b'])]],
  ['a text', formatted],
  ['values in another time zone', escaped, { timezone: '+05:30' }],
  ['a text in another time zone', formatted, { timezone: '+05:30' }],
  ['values, objects as texts', escaped, { stringifyObjects: true }],
  ['a text, objects as texts', formatted, { stringifyObjects: true }],
]
