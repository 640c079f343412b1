import { WarmpoolError } from '../errors.ts'

/** How a connection writes. */
export interface Writing {
  /** Bytes or a time as a quoted literal; the driver's, which knows the connection's time zone. */
  quote(value: Buffer | Date): string
  /** Whether texts go out as UTF-8. */
  readonly utf8: boolean
}

/** A value as a literal of the type that mysql2 would bind. @throws TypeError for what `execute` does not take */
export function literal(value: unknown, writing: Writing): string {
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
      return value === null ? 'NULL' : object(value, writing)
    default:
      return text(String(value), writing)
  }
}

/** Whole numbers as such, so that they can be a LIMIT; the others as DOUBLE, which they are in JavaScript. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`Bind parameters must not contain ${value}`)
  const written = Object.is(value, -0) ? '-0' : String(value)
  return written.includes('e') || (Number.isSafeInteger(value) && written !== '-0') ? written : `${written}e0`
}

const ASCII = /^[\0-\x7f]*$/
const PLAIN = /^[\x20-\x26\x28-\x5b\x5d-\x7e]*$/

/** A backslash, also under NO_BACKSLASH_ESCAPES, which the server need not have told yet; a literal to it in all other ways. */
const BACKSLASH = "LEFT('\\\\',1)"

/**
 * The same to every server. Quotes are doubled, and no value has a backslash in its literal: that is another character under
 * NO_BACKSLASH_ESCAPES, and behind one that is not ASCII it is half of one in gbk, big5 or sjis. What does not go out as UTF-8 is
 * written as bytes: mysql2 makes quotes and backslashes of characters that such a set does not have.
 */
function text(value: string, { utf8 }: Writing): string {
  if (PLAIN.test(value)) return `'${value}'`
  if (!utf8 && !ASCII.test(value)) return `_utf8mb4 X'${Buffer.from(value).toString('hex')}'`
  const quoted = `'${value.replaceAll("'", "''")}'`
  return value.includes('\\') ? `CONCAT_WS(${BACKSLASH},${quoted.replaceAll('\\', "','")})` : quoted
}

function object(value: object, writing: Writing): string {
  const { quote } = writing
  if (value instanceof Date) return time(value, writing)
  if (Buffer.isBuffer(value)) return quote(value)
  if (value instanceof Uint8Array) return quote(Buffer.from(value.buffer, value.byteOffset, value.byteLength))
  if (Array.isArray(value) || value.constructor === Object || 'toJSON' in value) return json(value, writing)
  if (value.constructor?.name === 'TypedParameter')
    throw refused('it has no typed parameters: pass the plain value')
  return text(Buffer.from(value as never).toString(), writing) // as mysql2 encodes the rest; throws its TypeError
}

function json(value: object, writing: Writing): string {
  const written = JSON.stringify(value)
  if (written === undefined) throw new TypeError('Bind parameters must not contain an object without JSON')
  return text(written, writing)
}

/** With microseconds where it has milliseconds, as a bound time is sent. */
function time(value: Date, { quote }: Writing): string {
  if (Number.isNaN(value.getTime())) throw new TypeError('Bind parameters must not contain an invalid Date')
  const written = quote(value).slice(0, -1)
  return `TIMESTAMP${written.endsWith('.000') ? written.slice(0, -4) : `${written}000`}'`
}

export function refused(why: string): WarmpoolError {
  return new WarmpoolError(
    'TEXT_EXECUTE_REFUSED',
    `execute() through RDS Proxy goes as text, and ${why}; or use query()`,
    { outcome: 'not-sent' },
  )
}
