import { BEYOND_RESET, CLEAN, type Effect, STATE, TRANSACTION, UNKNOWN } from './effect.ts'
import { Memory } from './memory.ts'
import { statementEffect } from './statements.ts'
import { tokensOf } from './tokens.ts'

export { BEYOND_RESET, CLEAN, type Effect, STATE, TRANSACTION }

/** A release does one of these. Through RDS Proxy a reset is not to be had: there `evict` takes its place. */
export type Cleanup = 'none' | 'rollback' | 'reset' | 'evict'

/** The server's own word in an OK packet: SERVER_STATUS_IN_TRANS. */
export const IN_TRANSACTION = 0x0001

const remembered = new Memory()
const rememberedLiteral = new Memory()

/**
 * What `sql`, by its own text, may leave behind in the session. Conservative: what it cannot tell is {@link STATE}. What
 * triggers and routines do does not show in a statement's text.
 */
export function effectOf(sql: string, backslashEscapes = true): Effect {
  const memory = backslashEscapes ? remembered : rememberedLiteral
  const known = memory.recall(sql)
  if (known !== undefined) return known
  const effect = read(sql, backslashEscapes)
  memory.keep(sql, effect)
  return effect
}

/** What one call may leave behind: `mysql.raw()` puts SQL among the values, where the statement's text does not show it. */
export function effectOfCall(
  sql: string | { sql: string; values?: unknown },
  values: unknown,
  backslashEscapes = true,
): Effect {
  const text = typeof sql === 'string' ? sql : sql.sql
  const bound = values !== undefined || typeof sql === 'string' ? values : sql.values
  return bound !== undefined && holdsRaw(bound) ? UNKNOWN : effectOf(text, backslashEscapes)
}

/** Looks where mysql2 looks: into lists of any depth, and into objects (named placeholders, `SET ?`) two deep. */
export function holdsRaw(value: unknown, objects = 2): boolean {
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
