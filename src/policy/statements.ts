import { CLEAN, type Effect, STATE, TRANSACTION, UNKNOWN } from './effect.ts'
import { definitionExpressionEffect, expressionEffect } from './expressions.ts'
import { opens } from './tokens.ts'

/** What one statement may leave behind, of MariaDB's and MySQL's: those that only administrators need are not told apart. */
export function statementEffect(tokens: readonly string[], start: number, end: number): Effect {
  while (opens(tokens[start])) start++
  const next = tokens[start + 1]
  switch (tokens[start]) {
    case 'SELECT':
    case 'WITH':
    case 'VALUES':
    case 'TABLE':
    case 'INSERT':
    case 'UPDATE':
    case 'DELETE':
    case 'REPLACE':
    case 'SHOW':
    case 'DESCRIBE':
    case 'DESC':
    case 'EXPLAIN':
    case 'ANALYZE':
    case 'DO':
    case 'KILL':
      return expressionEffect(tokens, start, end)
    case 'COMMIT':
    case 'ROLLBACK':
      return endingEffect(tokens, start, end)
    case 'RELEASE':
      return next === 'SAVEPOINT' ? CLEAN : UNKNOWN
    case 'SAVEPOINT':
      return TRANSACTION
    case 'START':
      return next === 'TRANSACTION' ? TRANSACTION : UNKNOWN
    case 'BEGIN':
      return start + 1 === end || next === 'WORK' ? TRANSACTION : UNKNOWN
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
    case 'RENAME':
      return definitionEffect(tokens, start, end)
    case 'TRUNCATE':
    case 'CHECK':
    case 'CHECKSUM':
    case 'OPTIMIZE':
    case 'REPAIR':
    case 'CACHE':
    case 'GRANT':
    case 'REVOKE':
    case 'HELP':
    case 'SIGNAL':
      return CLEAN
    case 'SET':
      return settingEffect(tokens, start, end)
    case 'LOCK':
    case 'UNLOCK':
      return next === 'TABLES' || next === 'TABLE' ? STATE : UNKNOWN
    case 'CALL':
    case 'FLUSH':
    case 'GET':
    case 'HANDLER':
    case 'LOAD':
      return STATE
    default:
      return UNKNOWN
  }
}

/** AND CHAIN opens the next transaction; the OK packet says so too, but not before rows of a later statement of the text. */
function endingEffect(tokens: readonly string[], start: number, end: number): Effect {
  for (let at = start + 1; at < end; at++)
    if (tokens[at] === 'CHAIN' && tokens[at - 1] === 'AND') return TRANSACTION
  return CLEAN
}

/**
 * Outlive a reset: the character set, which the driver follows too, the role, the resource group, and what SET STATEMENT … FOR
 * may run.
 */
const LASTING = /^`?(NAMES|CHARACTER|CHARSET|COLLATION_|ROLE|RESOURCE|STATEMENT|AUTHORIZATION)/

function settingEffect(tokens: readonly string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++) {
    const ofUser = tokens[at - 1] === '@' && tokens[at - 2] !== '@'
    if (!ofUser && LASTING.test(tokens[at] as string)) return UNKNOWN
  }
  return STATE
}

/** What definitions define. They commit and leave nothing, but for temporary tables and what becomes of the current database. */
const DEFINED = new Map<string, Effect>([
  ['TEMPORARY', STATE],
  ['DATABASE', UNKNOWN],
  ['SCHEMA', UNKNOWN],
])
for (const what of 'TABLE TABLES INDEX VIEW SEQUENCE TRIGGER PROCEDURE FUNCTION EVENT USER'.split(' '))
  DEFINED.set(what, CLEAN)

function definitionEffect(tokens: readonly string[], start: number, end: number): Effect {
  let object = start + 1
  while (object < end && !DEFINED.has(tokens[object] as string)) object++
  const effect = DEFINED.get(tokens[object] as string) ?? UNKNOWN
  const creates = object === start + 1 && tokens[start] === 'CREATE'
  if (effect === UNKNOWN) return creates && object < end ? CLEAN : UNKNOWN
  const evaluated = queryStart(tokens, object, end)
  return (
    effect | definitionExpressionEffect(tokens, object, evaluated) | expressionEffect(tokens, evaluated, end)
  )
}

/** Where the query begins that fills a new table; not the values of partitions. */
function queryStart(tokens: readonly string[], at: number, end: number): number {
  for (; at < end; at++) {
    const next = tokens[at + 1]
    if (tokens[at] === 'SELECT' || (tokens[at] === 'VALUES' && next !== 'LESS' && next !== 'IN')) return at
  }
  return end
}
