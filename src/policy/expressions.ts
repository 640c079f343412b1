import { CLEAN, type Effect, STATE } from './effect.ts'
import { isQuiet } from './functions.ts'
import { isBare, isName, opens } from './tokens.ts'

/**
 * Only what an expression can change: user variables, named locks, the value LAST_INSERT_ID() gives, sequences; and a function
 * that is not the server's own can change anything.
 */
export function expressionEffect(tokens: readonly string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++)
    if (assigns(tokens, at) || (at > start && opens(tokens[at]) && calls(tokens, at - 1, start))) return STATE
  return CLEAN
}

/** In definitions names stand before lists of columns, and the expressions that are evaluated can call no stored function. */
export function definitionExpressionEffect(tokens: readonly string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++)
    if (assigns(tokens, at) || (opens(tokens[at + 1]) && CHANGES.test(tokens[at] as string))) return STATE
  return CLEAN
}

const CHANGES = /LOCK|^`?(SETVAL|NEXTVAL|LAST_INSERT_ID)$/

function assigns(tokens: readonly string[], at: number): boolean {
  const next = tokens[at + 1]
  switch (tokens[at]) {
    case ':=':
      return true
    case 'INTO':
      return next === '@'
    case 'NEXT':
      return next === 'VALUE'
    case '.': // a sequence's, under sql_mode ORACLE
      return next === 'NEXTVAL'
    default:
      return false
  }
}

/** Whether the name before this parenthesis calls something that may leave state. */
function calls(tokens: readonly string[], at: number, start: number): boolean {
  const name = tokens[at]
  if (!isName(name) || ASKS.test(tokens[at + 2] as string)) return false
  const first = nameStart(tokens, at)
  if (first > start && namesTable(tokens, first)) return false
  if (first === at && isBare(name)) {
    if (name === 'LAST_INSERT_ID') return tokens[at + 2] !== ')'
    if (isQuiet(name, tokens[at + 1] !== '(')) return false
    if (first > start && endsOperand(tokens[first - 1] as string)) return false
  }
  return !listsColumns(tokens, at + 2)
}

/** A function's argument is a subquery only in parentheses of its own. */
const ASKS = /^(SELECT|WITH)$/

/** Where a name begins that may have its schema before it, or be a placeholder: `db`.`f`, ??, ??.?? */
function nameStart(tokens: readonly string[], at: number): number {
  const first = tokens[at] === '?' && tokens[at - 1] === '?' ? at - 1 : at
  return tokens[first - 1] === '.' && isName(tokens[first - 2]) ? nameStart(tokens, first - 2) : first
}

/** Whether a name is that of a table with its columns: INSERT INTO t (a), … AS t (a), (…) t (a). And AS OF (…). */
function namesTable(tokens: readonly string[], first: number): boolean {
  switch (tokens[first - 1]) {
    case 'INTO':
    case 'INSERT':
    case 'REPLACE':
    case 'IGNORE':
    case 'DELAYED':
    case 'LOW_PRIORITY':
    case 'AS':
    case 'MEMBER': // OF
    case ')':
      return true
    case 'HIGH_PRIORITY':
      return tokens[first - 2] === 'INSERT'
    default:
      return false
  }
}

/** No call follows an operand: what does is a keyword such as COLUMNS or AGAINST. */
function endsOperand(token: string): boolean {
  return token === "'" || token === '?' || token.startsWith('`')
}

/** Whether these are the columns of a common table expression: c (a, b) AS (…). */
function listsColumns(tokens: readonly string[], at: number): boolean {
  while (isName(tokens[at]) || tokens[at] === ',') at++
  return tokens[at] === ')' && tokens[at + 1] === 'AS' && opens(tokens[at + 2])
}
