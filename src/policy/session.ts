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

/** Looks where mysql2 looks: into lists of any depth, and into objects (named placeholders, `SET ?`) two deep. */
function holdsRaw(value: unknown, objects = 2): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (value instanceof Date || ArrayBuffer.isView(value)) return false
  if ('toSqlString' in value) return true
  if (Array.isArray(value)) return value.some((one) => holdsRaw(one, objects))
  if (value instanceof Set) return [...value].some((one) => holdsRaw(one, objects))
  if (objects === 0) return false
  const own = value instanceof Map ? [...value.values()] : Object.values(value)
  return own.some((one) => holdsRaw(one, objects - 1))
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
    case 'KILL':
      return expressionEffect(tokens, start, end)
    case 'COMMIT':
    case 'ROLLBACK':
      return endingEffect(tokens, start, end)
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
      return STATE
    default:
      return UNKNOWN
  }
}

/** AND CHAIN opens the next transaction; the OK packet says so too, but not before rows of a later statement of the text. */
function endingEffect(tokens: string[], start: number, end: number): Effect {
  for (let at = start + 1; at < end; at++)
    if (tokens[at] === 'CHAIN' && tokens[at - 1] === 'AND') return TRANSACTION
  return CLEAN
}

/** Outlive a reset: the character set, which the driver follows too, the role, and what SET STATEMENT … FOR may run. */
const LASTING = /^`?(NAMES|CHARACTER|CHARSET|COLLATION_|ROLE|STATEMENT)/

function settingEffect(tokens: string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++) if (LASTING.test(tokens[at] as string)) return UNKNOWN
  return STATE
}

/** Only what an expression can change: user variables, named locks, the value LAST_INSERT_ID() gives, sequences. */
function expressionEffect(tokens: string[], start: number, end: number): Effect {
  for (let at = start; at < end; at++) {
    const token = tokens[at] as string
    if (token === ':=') return STATE
    if (token === 'INTO' && tokens[at + 1] === '@') return STATE
    if (token === 'NEXT' && tokens[at + 1] === 'VALUE') return STATE
    if (tokens[at + 1] === '(' && changesState(tokens, at)) return STATE
  }
  return CLEAN
}

/** Whether the function called here does: quoted names are names, and `??` before anything but a table's columns may be one. */
function changesState(tokens: string[], at: number): boolean {
  const name = (tokens[at] as string).replace('`', '')
  if (name === 'LAST_INSERT_ID') return tokens[at + 2] !== ')'
  if (name === '?') return tokens[at - 2] !== 'INTO'
  return name.includes('_LOCK') || name === 'SETVAL' || name === 'NEXTVAL'
}

/** Definitions commit and leave nothing, but for temporary tables and what becomes of the current database. */
function definitionEffect(tokens: string[], start: number, end: number): Effect {
  const replaced = tokens[start + 1] === 'OR'
  const object = tokens[replaced ? start + 3 : start + 1]
  const existed = replaced || tokens[start] !== 'CREATE'
  if (existed && (object === 'DATABASE' || object === 'SCHEMA')) return UNKNOWN
  for (let at = start + 1; at < end; at++) if (tokens[at] === 'TEMPORARY') return STATE
  return expressionEffect(tokens, start, end)
}
