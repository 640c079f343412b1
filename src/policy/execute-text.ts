import { literal, refused, type Writing } from './literals.ts'
import { quietEnd } from './quoting.ts'

/** The server's own word in an OK packet: SERVER_STATUS_NO_BACKSLASH_ESCAPES. */
export const NO_BACKSLASH_ESCAPES = 0x0200

/**
 * The text that means what `execute` means with these values: every placeholder is a literal of the type that mysql2 would
 * bind; objects and arrays are JSON, never `a = 1` or lists, and nothing of theirs is taken as SQL.
 *
 * @throws TypeError for values that mysql2's `execute` does not take, or for too many or too few
 * @throws WarmpoolError `TEXT_EXECUTE_REFUSED` where the placeholders cannot be told from the text
 */
export function executeText(sql: string, values: unknown, writing: Writing): string {
  if (!values) return sql
  if (!Array.isArray(values))
    throw new TypeError('Bind parameters must be array if namedPlaceholders parameter is not enabled')
  const literals = values.map((value) => literal(value, writing))
  if (literals.length === 0) return sql
  const found = placeholders(sql)
  if (found.length !== literals.length)
    throw new TypeError(
      `Bind parameters must be one for each placeholder, not ${literals.length} for ${found.length}`,
    )
  const parts = found.map((end, at) => {
    const rows = numberOfRows(values[at])
    const written = rows && countsRows(sql, end) ? rows : (literals[at] as string)
    return sql.slice((found[at - 1] ?? -1) + 1, end) + apart(sql[end - 1] ?? '', written)
  })
  return parts.join('') + sql.slice((found.at(-1) as number) + 1)
}

/** With what stands right before it a literal could become something else: another number, `x''`, a comment. */
function apart(before: string, written: string): string {
  if (/[\w$?'"`]/.test(before)) return ` ${written}`
  return before === '-' && written.startsWith('-') ? `(${written})` : written
}

/** How far before a placeholder its LIMIT may be. */
const NEAR = 60

/** Whether the placeholder there is a number of rows, which can be bound as a text, but not be one. */
function countsRows(sql: string, end: number): boolean {
  return /\b(LIMIT|OFFSET)\s+((\d+|\?)\s*,\s*)?$/i.test(sql.slice(Math.max(0, end - NEAR), end))
}

function numberOfRows(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'bigint') return undefined
  return /^\d{1,20}$/.test(String(value)) ? String(value) : undefined
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
