import fc from 'fast-check'

/** Pieces of SQL: words in capitals are keywords and function names, whose case and surroundings are free. */
type Pieces = readonly string[]

const quiet: Pieces[] = [
  ['1'],
  ['NULL'],
  ['@a'],
  ['@@time_zone'],
  ["'a;b'"],
  ["'it''s'"],
  ["'\\''"],
  ["'\\\\'"],
  ['"q;"'],
  ['`c`'],
  ['LAST_INSERT_ID', '(', ')'],
  ['IS_USED_LOCK', '(', "'k'", ')'],
  ['ROW_COUNT', '(', ')'],
]
const changing: Pieces[] = [
  ['@a', ':=', '1'],
  ['@`a b`', ':=', '2'],
  ['GET_LOCK', '(', "'k'", ',', '0', ')'],
  ['`get_lock`', '(', "'k'", ',', '0', ')'],
  ['LAST_INSERT_ID', '(', '7', ')'],
  ['`LAST_INSERT_ID`', '(', '8', ')'],
  ['NEXT', 'VALUE', 'FOR', 'sq'],
  ['NEXTVAL', '(', 'sq', ')'],
  ['SETVAL', '(', 'sq', ',', '100', ')'],
]

const { expression } = fc.letrec<{ expression: Pieces }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...quiet) },
    { weight: 2, arbitrary: fc.constantFrom(...changing) },
    { weight: 1, arbitrary: tie('expression').map((e) => ['(', ...e, ')']) },
    { weight: 1, arbitrary: tie('expression').map((e) => ['(', 'SELECT', ...e, ')']) },
    { weight: 1, arbitrary: tie('expression').map((e) => ['CONCAT', '(', ...e, ')']) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('expression'), tie('expression'))
        .map(([a, b]) => ['COALESCE', '(', ...a, ',', ...b, ')']),
    },
    { weight: 1, arbitrary: tie('expression').map((e) => ['/*!50000', ...e, '*/']) },
  ),
}))

/** Statements around an expression. */
const around: ((e: Pieces) => Pieces)[] = [
  (e) => ['SELECT', ...e],
  (e) => ['(', '(', 'SELECT', ...e, ')', 'LIMIT', '1', ')'],
  (e) => ['SELECT', '1', 'UNION', 'SELECT', ...e],
  (e) => ['SELECT', ...e, 'INTO', '@b'],
  (e) => ['SELECT', 'c', 'FROM', 't', 'WHERE', ...e, 'FOR', 'UPDATE'],
  (e) => ['WITH', 'q', 'AS', '(', 'SELECT', ...e, 'AS', 'z', ')', 'SELECT', 'z', 'FROM', 'q'],
  (e) => ['VALUES', '(', ...e, ')'],
  (e) => ['INSERT', 'INTO', 't', 'VALUES', '(', ...e, ')'],
  (e) => ['INSERT', 'INTO', '`t`', '(', '`c`', ')', 'SELECT', ...e],
  (e) => ['REPLACE', 'INTO', 't', '(', 'c', ')', 'VALUES', '(', ...e, ')'],
  (e) => ['UPDATE', 't', 'SET', 'c', '=', ...e, 'LIMIT', '1'],
  (e) => ['DELETE', 'FROM', 't', 'WHERE', 'c', '=', ...e],
  (e) => ['SHOW', 'VARIABLES', 'WHERE', ...e],
  (e) => ['EXPLAIN', 'SELECT', ...e],
  (e) => ['ANALYZE', 'SELECT', ...e],
  (e) => ['DO', ...e],
  (e) => ['SET', '@c', '=', ...e],
  (e) => ['KILL', 'QUERY', '99999999', '+', ...e],
  (e) => ['CREATE', 'OR', 'REPLACE', 'TABLE', 'made', 'AS', 'SELECT', ...e, 'AS', 'z'],
  (e) => ['CREATE', 'OR', 'REPLACE', 'TEMPORARY', 'TABLE', 'tmp', 'AS', 'SELECT', ...e, 'AS', 'z'],
  (e) => ['EXECUTE', 'IMMEDIATE', "'SET @d = ?'", 'USING', ...e],
]

const alone: Pieces[] = [
  ['CALL', 'nothing', '(', ')'],
  ['CALL', 'sets', '(', ')'],
  ['CALL', 'names', '(', ')'],
  ['SET', 'NAMES', 'latin1'],
  ['SET', '`character_set_results`', '=', 'latin1'],
  ['SET', 'TIME_ZONE', '=', "'+01:00'"],
  ['SET', '@@session.`sql_mode`', '=', "'ANSI_QUOTES'"],
  ['SET', 'AUTOCOMMIT', '=', '0'],
  ['SET', 'ROLE', 'clerk'],
  ['SET', 'STATEMENT', 'max_statement_time', '=', '5', 'FOR', 'USE', 'elsewhere'],
  ['USE', 'elsewhere'],
  ['DROP', 'DATABASE', 'IF', 'EXISTS', 'elsewhere'],
  ['CREATE', 'TEMPORARY', 'TABLE', 'tmp', '(', 'a', 'INT', ')'],
  ['DROP', 'TABLE', 'IF', 'EXISTS', 'made'],
  ['TRUNCATE', 't'],
  ['PREPARE', 'p', 'FROM', "'SELECT 1'"],
  ['HANDLER', 't', 'OPEN', 'AS', 'h'],
  ['LOCK', 'TABLES', 't', 'WRITE'],
  ['FLUSH', 'TABLES', 't', 'WITH', 'READ', 'LOCK'],
  ['UNLOCK', 'TABLES'],
  ['XA', 'START', "'x'"],
  ['START', 'TRANSACTION'],
  ['START', 'TRANSACTION', 'READ', 'ONLY'],
  ['BEGIN'],
  ['BEGIN', 'NOT', 'ATOMIC', 'SET', '@e', '=', '1', ';', 'END'],
  ['SAVEPOINT', 's'],
  ['ROLLBACK', 'TO', 's'],
  ['RELEASE', 'SAVEPOINT', 's'],
  ['COMMIT'],
  ['COMMIT', 'AND', 'CHAIN'],
  ['ROLLBACK', 'AND', 'NO', 'CHAIN'],
]

const gap = fc.oneof(
  { weight: 8, arbitrary: fc.constant(' ') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('\n', '\t', '/**/', " /* it's ; */ ", ' -- "\n', ' # `\n', '/*+ x */'),
  },
)

/** Keywords in any case, gaps and comments between the pieces. */
function written(pieces: Pieces): fc.Arbitrary<string> {
  const words = pieces.map((piece) =>
    /^[A-Z_]+$/.test(piece) ? fc.mixedCase(fc.constant(piece)) : fc.constant(piece),
  )
  return fc
    .tuple(fc.tuple(...words), fc.array(gap, { minLength: words.length, maxLength: words.length }))
    .map(([texts, gaps]) => texts.map((text, at) => `${gaps[at]}${text}`).join(''))
}

const statement = fc
  .oneof(
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...around), expression).map(([use, e]) => use(e)) },
    { weight: 1, arbitrary: fc.constantFrom(...alone) },
  )
  .chain(written)

/** One to three statements in one text. Not every one is valid; most are. */
export const statements = fc
  .array(statement, { minLength: 1, maxLength: 3, size: 'small' })
  .map((texts) => texts.join(';'))
