import { WarmpoolError } from '../errors.ts'
import { quietEnd } from './quoting.ts'

/** The server's own word in an OK packet: SERVER_STATUS_NO_BACKSLASH_ESCAPES. */
export const NO_BACKSLASH_ESCAPES = 0x0200

/** Writes a text, bytes or a time as a quoted literal; the driver's, which knows the connection's time zone. */
export type Quote = (value: string | Buffer | Date) => string

/**
 * The text that means what `execute` means with these values: every placeholder is a literal of the type that mysql2 would
 * bind; objects and arrays are JSON, never `a = 1` or lists, and nothing of theirs is taken as SQL.
 *
 * @throws TypeError for values that mysql2's `execute` does not take, or for too many or too few
 * @throws WarmpoolError `TEXT_EXECUTE_REFUSED` where the placeholders cannot be told from the text
 */
export function executeText(sql: string, values: unknown, quote: Quote): string {
  if (!values) return sql
  if (!Array.isArray(values))
    throw new TypeError('Bind parameters must be array if namedPlaceholders parameter is not enabled')
  const literals = values.map((value) => literal(value, quote))
  if (literals.length === 0) return sql
  const found = placeholders(sql)
  if (found.length !== literals.length)
    throw new TypeError(
      `Bind parameters must be one for each placeholder, not ${literals.length} for ${found.length}`,
    )
  const parts = literals.map((written, at) => sql.slice((found[at - 1] ?? -1) + 1, found[at]) + written)
  return parts.join('') + sql.slice((found.at(-1) as number) + 1)
}

/** Where the question marks are that a server would take for placeholders. */
function placeholders(sql: string): number[] {
  const found: number[] = []
  for (let at = 0; at < sql.length; ) {
    const end = quietEnd(sql, at, true)
    if (end === undefined) throw refused('an executable comment or an ambiguous quote hides its placeholders')
    if (end === at && sql[at] === '?') found.push(at)
    at = Math.max(end, at + 1)
  }
  return found
}

function literal(value: unknown, quote: Quote): string {
  switch (typeof value) {
    case 'undefined':
      throw new TypeError('Bind parameters must not contain undefined. To pass SQL NULL specify JS null')
    case 'function':
      throw new TypeError(
        'Bind parameters must not contain function(s). To pass the body of a function as a string call .toString() first',
      )
    case 'number':
      return number(value)
    case 'boolean':
      return value ? '1' : '0'
    case 'object':
      return value === null ? 'NULL' : object(value, quote)
    default:
      return quote(String(value))
  }
}

/** Whole numbers as such, so that they can be a LIMIT; the others as DOUBLE, which they are in JavaScript. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`Bind parameters must not contain ${value}`)
  const written = Object.is(value, -0) ? '-0' : String(value)
  return written.includes('e') || (Number.isSafeInteger(value) && written !== '-0') ? written : `${written}e0`
}

function object(value: object, quote: Quote): string {
  if (value instanceof Date) return time(value, quote)
  if (Buffer.isBuffer(value)) return quote(value)
  if (value instanceof Uint8Array) return quote(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  if (Array.isArray(value) || value.constructor === Object || 'toJSON' in value)
    return quote(JSON.stringify(value))
  if (value.constructor?.name === 'TypedParameter')
    throw refused('it has no typed parameters: pass the plain value')
  return quote(Buffer.from(value as never).toString()) // as mysql2 encodes the rest; throws its TypeError
}

/** With microseconds, as a bound time has them. */
function time(value: Date, quote: Quote): string {
  if (Number.isNaN(value.getTime())) throw new TypeError('Bind parameters must not contain an invalid Date')
  return `TIMESTAMP${quote(value).slice(0, -1)}000'`
}

export function refused(why: string): WarmpoolError {
  return new WarmpoolError(
    'TEXT_EXECUTE_REFUSED',
    `execute() through RDS Proxy goes as text, and ${why}; or use query()`,
    { outcome: 'not-sent' },
  )
}
