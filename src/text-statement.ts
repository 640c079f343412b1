import type { QueryOptions } from 'mysql2'
import { type DriverConnection, escapeValue, writesUtf8 } from './driver.ts'
import { executeText, NO_BACKSLASH_ESCAPES } from './policy/execute-text.ts'
import { refused } from './policy/literals.ts'

/**
 * An `execute` as a text that means the same, for RDS Proxy, which pins prepared statements.
 *
 * @param options as {@link bound} gives them
 * @param status the server's flags, which say how it reads quoted text
 * @throws WarmpoolError `TEXT_EXECUTE_REFUSED`, TypeError for values that `execute` refuses too
 */
export function textStatement(
  connection: DriverConnection,
  options: QueryOptions,
  status: number,
): QueryOptions {
  if (status & NO_BACKSLASH_ESCAPES)
    throw refused('that cannot be escaped safely under NO_BACKSLASH_ESCAPES: take it out of sql_mode')
  const quote = (value: Buffer | Date) => escapeValue(value, false, connection.config.timezone)
  const writing = { quote, utf8: writesUtf8(connection) }
  // Without values and names: what is a literal now is not looked at again.
  return { ...options, sql: executeText(options.sql, options.values, writing), values: [] }
}
