/** The server's own word in an OK packet: SERVER_STATUS_NO_BACKSLASH_ESCAPES. */
export const NO_BACKSLASH_ESCAPES = 0x0200

/**
 * Converts `execute` parameters so that sent as text they mean what they mean as a prepared statement: objects and arrays
 * are JSON, never `a = 1` or lists, and nothing of theirs is taken as SQL.
 *
 * @throws TypeError for `undefined` and functions, as mysql2's `execute` does
 */
export function textParameters(values: unknown): unknown[] | undefined {
  if (values === undefined || values === null) return undefined
  if (!Array.isArray(values))
    throw new TypeError('Bind parameters must be array if namedPlaceholders parameter is not enabled')
  return values.map(textParameter)
}

function textParameter(value: unknown): unknown {
  switch (typeof value) {
    case 'undefined':
      throw new TypeError('Bind parameters must not contain undefined. To pass SQL NULL specify JS null')
    case 'function':
      throw new TypeError('Bind parameters must not contain function(s)')
    case 'boolean':
      return value ? 1 : 0
    case 'bigint':
      return String(value)
    case 'object':
      if (value === null || value instanceof Date || Buffer.isBuffer(value)) return value
      return value instanceof Uint8Array
        ? Buffer.from(value.buffer, value.byteOffset, value.byteLength)
        : JSON.stringify(value)
    default:
      return value
  }
}
