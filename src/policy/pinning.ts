import { Memory } from './memory.ts'
import type { Pin } from './pins.ts'
import { quietEnd } from './quoting.ts'
import { settingPin } from './setting-pins.ts'
import { opens, tokensOf } from './tokens.ts'

/** The longest text that does not pin, bytes: 16 KB. */
const LONGEST = 16 * 1024

/** What a text says by itself. */
interface Reading {
  readonly pin: Pin | undefined
  /** Whether it depends on values what it is: names are among them, or it is a SET. */
  readonly open: boolean
}

const remembered = new Memory<Reading>()
const rememberedLiteral = new Memory<Reading>()

/** Whether `sql` would pin the session that it is sent on, and by what. What routines do is not seen by RDS Proxy either. */
export function pinOf(sql: string, backslashEscapes = true): Pin | undefined {
  return remember(sql, backslashEscapes).pin
}

/**
 * The same of a text with values for `query()`, which become part of it.
 *
 * @param formatted gives the text that is sent; asked only where the values can make a difference
 */
export function pinOfCall(
  sql: string,
  values: unknown,
  formatted: () => string,
  backslashEscapes = true,
): Pin | undefined {
  const { pin, open } = remember(sql, backslashEscapes)
  if (values === undefined || values === null || (pin && !open)) return pin
  if (!open && room(values, LONGEST - sql.length * MOST_BYTES) >= 0) return undefined
  return read(formatted(), backslashEscapes).pin
}

/** Whether a text is too long, in bytes of UTF-8. */
export function tooLong(sql: string): boolean {
  return sql.length * MOST_BYTES > LONGEST && Buffer.byteLength(sql) > LONGEST
}

/** A UTF-16 code unit's in UTF-8; an escaped one has two. */
const MOST_BYTES = 3
/** More than a number or a date takes. */
const SCALAR = 32

/** What is left of so many bytes when the values stand in the text; less than nothing also where they may be more than literals. */
function room(value: unknown, bytes: number): number {
  switch (typeof value) {
    case 'string':
      return bytes - value.length * MOST_BYTES - 2
    case 'number':
    case 'boolean':
    case 'undefined':
      return bytes - SCALAR
    case 'bigint':
      return bytes - String(value).length
    case 'object':
      if (value === null || value instanceof Date) return bytes - SCALAR
      if (Buffer.isBuffer(value)) return bytes - value.length * 2 - 3
      return Array.isArray(value) ? value.reduce((left, one) => room(one, left - 2), bytes) : -1
    default:
      return -1
  }
}

function remember(sql: string, backslashEscapes: boolean): Reading {
  const memory = backslashEscapes ? remembered : rememberedLiteral
  const known = memory.recall(sql)
  if (known) return known
  const reading = read(sql, backslashEscapes)
  memory.keep(sql, reading)
  return reading
}

function read(sql: string, backslashEscapes: boolean): Reading {
  if (tooLong(sql)) return { pin: 'long', open: false }
  const tokens = tokensOf(sql, backslashEscapes)
  if (!tokens) return { pin: unread(sql, backslashEscapes), open: true }
  return { pin: pinOfTokens(tokens), open: sql.includes('??') || setsByName(tokens) }
}

function setsByName(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => token === 'SET' && (at === 0 || tokens[at - 1] === ';'))
}

function pinOfTokens(tokens: readonly string[]): Pin | undefined {
  let start = 0
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at] !== ';') continue
    const statement = tokens.slice(start, at)
    start = at + 1
    const defined = definedBy(statement)
    if (KEPT.test(defined) && defined !== 'VIEW' && statement.some((token) => BLOCK.test(token))) break
    const pin = KEPT.test(defined) ? undefined : statementPin(statement)
    if (pin) return pin
  }
  return undefined
}

/** What is in a routine is not run now, and RDS Proxy does not look into one when it is. */
const KEPT = /^(PROCEDURE|FUNCTION|TRIGGER|EVENT|VIEW)$/
/** Begins what has semicolons of its own. */
const BLOCK = /^(BEGIN|CASE|IF|LOOP|REPEAT|WHILE)$/

/** What kind of thing it defines, as far as that matters here. */
function definedBy([first, ...rest]: readonly string[]): string {
  if (first !== 'CREATE' && first !== 'ALTER') return ''
  return rest.find((token) => KEPT.test(token) || token === 'TABLE') ?? ''
}

function statementPin(statement: readonly string[]): Pin | undefined {
  const tokens = statement.slice(statement.findIndex((token) => !opens(token)))
  const [first, next] = tokens
  switch (first) {
    case 'PREPARE':
    case 'EXECUTE':
    case 'DEALLOCATE':
      return 'prepared'
    case 'DROP':
      return next === 'PREPARE' ? 'prepared' : undefined
    case 'LOCK':
      return next === 'TABLE' || next === 'TABLES' ? 'lockedTables' : undefined
    case 'FLUSH':
      return /\bTABLES?\b.*\b(READ LOCK|FOR EXPORT)\b/.test(tokens.join(' ')) ? 'lockedTables' : undefined
    case 'CREATE':
      return /^CREATE (OR REPLACE )?TEMPORARY /.test(tokens.slice(0, 5).join(' '))
        ? 'temporaryTable'
        : expressionPin(tokens)
    case 'SET':
      return settingPin(tokens) ?? expressionPin(tokens.filter((token) => token !== ':='))
    case 'GET':
    case 'LOAD':
      return tokens.some((_, at) => ofUser(tokens, at)) ? 'userVariable' : expressionPin(tokens)
    case 'BEGIN': // MariaDB runs these outside of routines, too
    case 'CASE':
    case 'FOR':
    case 'IF':
    case 'LOOP':
    case 'REPEAT':
    case 'WHILE':
      return expressionPin(tokens) ?? withinPin(tokens)
    default:
      return expressionPin(tokens)
  }
}

/** Of the first statement inside of another. */
function withinPin(tokens: readonly string[]): Pin | undefined {
  const start = tokens.findIndex((token, at) => at > 0 && /^(SET|LOCK|CREATE|PREPARE|EXECUTE)$/.test(token))
  return start < 0 ? undefined : statementPin(tokens.slice(start))
}

/** Whether the name of a user variable follows. */
function ofUser(tokens: readonly string[], at: number): boolean {
  return tokens[at] === '@' && tokens[at + 1] !== '@' && tokens[at - 1] !== '@'
}

function expressionPin(tokens: readonly string[]): Pin | undefined {
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === ':=' || (token === 'INTO' && tokens[at + 1] === '@')) return 'userVariable'
    if (!opens(tokens[at + 1]) || tokens[at - 1] === '.') continue
    if (token === 'GET_LOCK' || token === '`GET_LOCK') return 'namedLock'
    if (/^`?(ROW_COUNT|FOUND_ROWS)$/.test(token as string)) return 'counted'
  }
  return undefined
}

/** Words that may be outside of quotes, and pin there. */
const SUSPECT =
  /(^|;)[\s(]*(SET|PREPARE|EXECUTE|LOCK|FLUSH|CREATE|GET|LOAD)\b|GET_LOCK|ROW_COUNT|FOUND_ROWS|:=|\bINTO\s*@|\/\*M?!/i

/** Of a text that cannot be told apart. An ambiguous quote alone is no reason to say anything. */
function unread(sql: string, backslashEscapes: boolean): Pin | undefined {
  for (let at = 0; at < sql.length; ) {
    const end = quietEnd(sql, at, backslashEscapes)
    if (end === undefined && /^\/\*M?!/.test(sql.slice(at, at + 4))) return 'executableComment'
    if (end === undefined) break
    at = Math.max(end, at + 1)
  }
  return SUSPECT.test(sql) ? 'unreadable' : undefined
}
