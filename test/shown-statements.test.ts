/** A failure tells its seed and path; `SEED=1 RUN_PATH=2:3 npx vitest run test/shown-statements.test.ts` repeats it. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shownSql } from '../src/policy/shown-sql.ts'

const { SEED, RUN_PATH } = process.env
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }

test.each([
  ['SELECT id,\n  name\tFROM customers', 'SELECT id, name FROM customers'],
  ["SELECT 'it''s', \"hers\", N'ours', x'41', _utf8'theirs'", 'SELECT ??, ?, N?, x?, _utf8?'],
  ['SELECT 1, -2, 3.5e10, .5, 0xAFFE, 1., a1, t.b2', 'SELECT ?, -?, ?, .?, ?, ?, a1, t.b2'],
  ["SELECT `a 'b'`, `c``d` FROM `e`", "SELECT `a 'b'`, `c``d` FROM `e`"],
  ['SELECT 1 -- of mine\n, 2 # of hers\n, 3 /* of theirs */', 'SELECT ? , ? , ?'],
  ['SELECT 1--1', 'SELECT ?--?'],
  ['SELECT :name, ?, @left', 'SELECT :name, ?, @left'],
  ["SELECT 'open", 'SELECT…'],
  ["SELECT 1 /*! , 'mine' */", 'SELECT ?…'],
  ['SELECT $$mine$$, $tag$mine$tag$', 'SELECT…'],
  ['SELECT $tag$mine$tag$', 'SELECT…'],
  ["INSERT INTO a VALUES ('C:\\', 'mine')", 'INSERT INTO a VALUES (…'],
  ["INSERT INTO a VALUES ('C:\\\\')", 'INSERT INTO a VALUES (?)'],
  [`SELECT 0x${'AFFE'.repeat(100)}`, 'SELECT ?'],
  [`SELECT ${'a'.repeat(73)}`, `SELECT ${'a'.repeat(73)}`],
  [`SELECT ${'a'.repeat(74)}`, `SELECT ${'a'.repeat(73)}…`],
  [`SELECT '${'a'.repeat(500)}'`, 'SELECT ?'],
  ['getConnection()', 'getConnection()'],
  ['', ''],
])('%s', (sql, shown) => expect(shownSql(sql)).toBe(shown))

/** What is nobody's business, in letters that nothing around it has. */
const secret = fc.string({ unit: fc.constantFrom('ℵ', 'ℶ', 'ℷ'), minLength: 1, maxLength: 40 })
/** Cannot end the quoted text that it is in, whichever way the server reads a backslash. */
const around = fc.string({
  unit: fc.constantFrom('a', ' ', ';', '--', '/*', '*/', '#', '\n', '`', '\\\\', '$'),
  maxLength: 4,
})
const inside = fc.tuple(around, secret, around).map((parts) => parts.join(''))
const literal = fc.oneof(
  inside.map((text) => `'${text}'`),
  inside.map((text) => `"${text}"`),
  fc.tuple(inside, inside).map(([one, other]) => `'${one}''${other}'`),
  fc.tuple(inside, inside).map(([one, other]) => `'${one}\\'${other}'`), // as most servers read it
  fc.tuple(inside, inside).map(([one, other]) => `'${one}\\', '${other}'`), // as one with NO_BACKSLASH_ESCAPES does
  inside.map((text) => `N'${text}'`),
)
const piece = fc.oneof(
  literal,
  fc.constantFrom('SELECT', 'INSERT INTO notes VALUES (', ')', ',', '`a`', '1.5', '@left', '?', 'a.b', '='),
  fc.constantFrom('-- so\n', '# so\n', '/* so */', '/*! so */', '-', '*', '/', '\n', 'a'.repeat(30)),
)
const neverClosed = inside.map((text) => `'${text}`)
const statement = fc
  .tuple(fc.array(piece, { maxLength: 12, size: 'max' }), fc.option(neverClosed, { nil: '' }))
  .map(([pieces, end]) => [...pieces, end].join(' '))

test('no quoted text of a statement is shown, nor more than one short line', () => {
  const hidden = fc.property(statement, (sql) => {
    const shown = shownSql(sql)
    expect(shown).not.toMatch(/[ℵℶℷ\n]/)
    expect(shown.length).toBeLessThanOrEqual(81)
  })
  fc.assert(hidden, { numRuns: 5000, ...replay })
})
