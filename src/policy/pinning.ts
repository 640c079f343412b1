import { Memory } from './memory.ts'
import type { Pin } from './pins.ts'
import { quietEnd } from './quoting.ts'
import { pinOfStatements } from './statement-pins.ts'
import { tokensOf } from './tokens.ts'

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
  return readingOf(sql, backslashEscapes).pin
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
  const { pin, open } = readingOf(sql, backslashEscapes)
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

/**
 * What is left of so many bytes when the values stand in the text, at their longest; less than nothing also where they may be more
 * than literals. Of 100 bytes, `['ab', 7]` leaves 100 - 2 - (2 * 3 + 2) - 2 - 32.
 */
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

function readingOf(sql: string, backslashEscapes: boolean): Reading {
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
  return { pin: pinOfStatements(tokens), open: sql.includes('??') || setsByName(tokens) }
}

function setsByName(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => token === 'SET' && (at === 0 || tokens[at - 1] === ';'))
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
