import { describe, expect, test } from 'vitest'
import { undoneWhenStopped } from '../src/policy/stopping.ts'

describe('nothing is left of', () => {
  test.each([
    'SELECT SLEEP(5)',
    'select 1;',
    'SELECT 1; -- and no more',
    '(SELECT 1) UNION (SELECT 2)',
    '((SELECT 1))',
    '/* report */ WITH a AS (SELECT 1) DELETE FROM notes',
    "INSERT INTO notes VALUES ('one; two')",
    "INSERT INTO notes VALUES ('back\\\\slash; two')",
    'REPLACE INTO notes VALUES (?)',
    'UPDATE `a;b` SET text = ?',
    'DELETE FROM notes',
    'VALUES (1)',
    'TABLE notes',
  ])('%s', (sql) => expect(undoneWhenStopped(sql)).toBe(true))
})

describe('something may be left of', () => {
  test.each([
    ['a routine', 'CALL report()'],
    ['several statements', 'SELECT 1; DELETE FROM notes'],
    ['several, the first of them empty', '; DELETE FROM notes'],
    ['the end of a transaction', 'COMMIT'],
    ['a definition', 'ALTER TABLE notes ADD other INT'],
    ['a prepared text', 'EXECUTE deletes'],
    ['a block', 'BEGIN NOT ATOMIC DELETE FROM notes; END'],
    ['a load', "LOAD DATA INFILE 'notes' INTO TABLE notes"],
    ['an executable comment', 'SELECT 1 /*!; DELETE FROM notes */'],
    ['an open quote', "SELECT 'one; DELETE FROM notes"],
    ['several, where no backslash escapes', "SELECT '\\'; DELETE FROM notes; -- '"],
    ['several, where a backslash escapes', "SELECT '\\', '; DELETE FROM notes; -- '"],
    ['what is no statement', 'reset()'],
    ['nothing', ''],
  ])('%s', (_what, sql) => expect(undoneWhenStopped(sql)).toBe(false))
})
