import { tokensOf } from './tokens.ts'

/** What a statement may leave behind in its session: any of these (bit flags). */
export type Effect = number
export const CLEAN = 0
export const TRANSACTION = 1
/** Variables, temporary tables, locks: what COM_RESET_CONNECTION clears. */
export const STATE = 2
/** The current database, the character set, the user: what it does not clear (measured), and what we cannot tell. */
export const BEYOND_RESET = 4

/** A release does one of these. Through RDS Proxy a reset is not to be had: there `evict` takes its place. */
export type Cleanup = 'none' | 'rollback' | 'reset' | 'evict'

/** The server's own word in an OK packet: SERVER_STATUS_IN_TRANS. */
export const IN_TRANSACTION = 0x0001

/** Distinct texts remembered. A program's statements are few; generated ones push each other out, whole, now and then. */
const REMEMBERED = 1000
/** Longer texts (bulk inserts) are read each time rather than kept alive. */
const LONGEST_REMEMBERED = 4096

const remembered = new Map<string, Effect>()
const rememberedLiteral = new Map<string, Effect>()

/**
 * What `sql`, by its own text, may leave behind in the session. Conservative: what it cannot tell is {@link STATE}. What
 * triggers and routines do does not show in a statement's text.
 */
export function effectOf(sql: string, backslashEscapes = true): Effect {
  const memory = backslashEscapes ? remembered : rememberedLiteral
  const known = memory.get(sql)
  if (known !== undefined) return known
  const effect = read(sql, backslashEscapes)
  if (sql.length <= LONGEST_REMEMBERED) {
    if (memory.size >= REMEMBERED) memory.clear()
    memory.set(sql, effect)
  }
  return effect
}

/** What one call may leave behind: `mysql.raw()` puts SQL among the values, where the statement's text does not show it. */
export function effectOfCall(
  sql: string | { sql: string; values?: unknown },
  values: unknown,
  backslashEscapes = true,
): Effect {
  const text = typeof sql === 'string' ? sql : sql.sql
  const bound = values ?? (typeof sql === 'string' ? undefined : sql.values)
  return bound !== undefined && holdsRaw(bound) ? UNKNOWN : effectOf(text, backslashEscapes)
}

function holdsRaw(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some(holdsRaw)
  if ('toSqlString' in value) return true
  return Object.getPrototypeOf(value) === Object.prototype && Object.values(value).some(holdsRaw)
}

/** The cheapest way to make a session clean again. A reset rolls back too. */
export function cleanupOf(effect: Effect, proxied: boolean): Cleanup {
  if (effect & BEYOND_RESET || (effect & STATE && proxied)) return 'evict'
  if (effect & STATE) return 'reset'
  return effect & TRANSACTION ? 'rollback' : 'none'
}

const UNKNOWN = STATE | BEYOND_RESET

function read(sql: string, backslashEscapes: boolean): Effect {
  const tokens = tokensOf(sql, backslashEscapes)
  if (!tokens) return UNKNOWN
  let effect = CLEAN
  let start = 0
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at] !== ';') continue
    if (at > start) effect |= statementEffect(tokens, start, at)
    start = at + 1
  }
  return effect
}

function statementEffect(tokens: string[], start: number, end: number): Effect {
  while (tokens[start] === '(') start++
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
      return expressionEffect(tokens, start, end)
    case 'COMMIT': // the OK packet tells whether a transaction is still open (AND CHAIN, TO SAVEPOINT)
    case 'ROLLBACK':
    case 'KILL':
      return CLEAN
    case 'RELEASE':
      return next === 'SAVEPOINT' ? CLEAN : STATE
    case 'SAVEPOINT':
      return TRANSACTION
    case 'START':
      return next === 'TRANSACTION' ? TRANSACTION : STATE
    case 'BEGIN':
      return start + 1 === end || next === 'WORK' ? TRANSACTION : STATE
    case 'CREATE':
    case 'ALTER':
    case 'DROP':
    case 'TRUNCATE':
    case 'RENAME':
      return definitionEffect(tokens, start, end)
    case 'SET':
      return settingEffect(tokens, start, end)
    case 'CALL':
    case 'DO':
    case 'LOCK':
    case 'UNLOCK':
    case 'FLUSH':
    case 'HANDLER':
    case 'LOAD':
    case 'XA':
      return STATE
    default:
      return UNKNOWN
  }
}

/** SET NAMES and the variables behind it outlive a reset, and the driver follows some of them. */
function settingEffect(tokens: string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++)
    if (/^(NAMES|CHARACTER|CHARSET|CHARACTER_SET_|COLLATION_)/.test(tokens[at] as string)) return UNKNOWN
  return STATE
}

/** Only what an expression can change: user variables, named locks, the value LAST_INSERT_ID() gives. */
function expressionEffect(tokens: string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++) {
    const token = tokens[at] as string
    if (token === ':=') return STATE
    if (token === 'INTO' && tokens[at + 1] === '@') return STATE
    if (tokens[at + 1] === '(' && changesState(token, tokens[at + 2])) return STATE
  }
  return CLEAN
}

function changesState(name: string, firstArgument: string | undefined): boolean {
  if (name === 'LAST_INSERT_ID') return firstArgument !== ')'
  return name.endsWith('_LOCK') || name.endsWith('_LOCKS') || name === 'SETVAL' || name === 'NEXTVAL'
}

/** Definitions commit and leave nothing, but for temporary tables, routine bodies and dropping the current database. */
function definitionEffect(tokens: string[], start: number, end: number): Effect {
  if (tokens[start] === 'DROP' && (tokens[start + 1] === 'DATABASE' || tokens[start + 1] === 'SCHEMA'))
    return UNKNOWN
  for (let at = start + 1; at < end; at++) if (tokens[at] === 'TEMPORARY') return STATE
  return expressionEffect(tokens, start, end)
}
