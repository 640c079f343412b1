import { describe, expect, test } from 'vitest'
import { BEYOND_RESET, CLEAN, STATE, TRANSACTION } from '../src/policy/session.ts'
import { inDoubt, provesWriter, readOnly } from '../src/policy/writer.ts'

const NEVER = Number.NEGATIVE_INFINITY

test.each<[wrote: boolean, doubtedAt: number, now: number, asked: boolean]>([
  [true, 1000, 1000, true],
  [true, 1000, 30_999, true],
  [true, 1000, 31_000, false],
  [true, NEVER, 1000, false],
  [false, 1000, 1000, false],
])('a pool that has written: %s, in doubt since %d, at %d: asks %s', (wrote, doubtedAt, now, asked) => {
  expect(inDoubt({ wrote, doubtedAt }, now)).toBe(asked)
})

test.each<[row: unknown, is: boolean]>([
  [{ server: 0, engine: 0 }, false],
  [{ server: 1, engine: 0 }, true],
  [{ server: 0, engine: 1 }, true], // a reader of Aurora
  [['0', '0'], false],
  [['1', '0'], true],
  [{ server: 'OFF', engine: 0 }, false],
  [{ server: 'NO_LOCK_NO_ADMIN', engine: 0 }, true],
  [{ server: 0n, engine: false }, false],
  [{ server: null, engine: null }, false],
  [undefined, false],
])('%o is of a read-only server: %s', (row, is) => {
  expect(readOnly(row)).toBe(is)
})

describe('a statement that has changed rows', () => {
  test.each([
    'INSERT INTO t VALUES (1)',
    '  update t set a = 1',
    '/* orders:place */ DELETE FROM t',
    '-- place\n# an order\nREPLACE INTO t VALUES (1)',
  ])('proves a writer: %s', (sql) => {
    expect(provesWriter(sql, CLEAN)).toBe(true)
    expect(provesWriter(sql, TRANSACTION)).toBe(true)
    expect(provesWriter(sql, STATE)).toBe(false)
    expect(provesWriter(sql, BEYOND_RESET)).toBe(false)
  })

  test.each(['blanks', 'comments'])('is told from others at once behind many %s', (what) => {
    const before = (what === 'blanks' ? ' ' : '/**/').repeat(100_000)
    expect(provesWriter(`${before}CREATE TABLE t SELECT 1`, CLEAN)).toBe(false) // or the test takes for ever
    expect(provesWriter(`${before}DELETE FROM t`, CLEAN)).toBe(true)
  })

  test.each(['SELECT 1 INTO @one', 'CALL fill()', 'CREATE TEMPORARY TABLE t SELECT 1', '', 'INSERTED'])(
    'does not: %s',
    (sql) => expect(provesWriter(sql, CLEAN)).toBe(false),
  )
})
