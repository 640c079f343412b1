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
  let text = ''
  let start = 0
  found.forEach(({ at, joins }, nth) => {
    const rows = numberOfRows(values[nth])
    const written = rows && countsRows(sql, found[nth - 2]?.at ?? 0, at) ? rows : (literals[nth] as string)
    text += sql.slice(start, at) + apart(sql[at - 1] ?? '', joins ? `(${written})` : written)
    start = at + 1
  })
  return text + sql.slice(start)
}

/** With what stands right before it a literal could become something else: another number, `x''`, a comment. */
function apart(before: string, written: string): string {
  if (/[\w$?'"`]/.test(before)) return ` ${written}`
  return before === '-' && written.startsWith('-') ? `(${written})` : written
}

function numberOfRows(value: unknown): string | undefined {
  if (typeof value !== 'string' && typeof value !== 'bigint') return undefined
  return /^\d{1,20}$/.test(String(value)) ? String(value) : undefined
}

/** A question mark that a server would take for a placeholder. */
interface Placeholder {
  readonly at: number
  /** Whether a quoted text is beside it, be it a name: two such texts beside each other are one to the server. */
  joins: boolean
}

function placeholders(sql: string): Placeholder[] {
  const found: Placeholder[] = []
  let before: Placeholder | 'quoted' | undefined
  for (let at = 0; at < sql.length; ) {
    const end = quietEnd(sql, at, true)
    // NO_BACKSLASH_ESCAPES may be on and not told yet.
    if (end === undefined || end !== quietEnd(sql, at, false))
      throw refused('an executable comment or an ambiguous quote hides its placeholders')
    const char = sql[at] as string
    const placeholder = end === at && char === '?' ? { at, joins: false } : undefined
    if (placeholder) found.push(placeholder)
    if (placeholder || char === "'" || char === '"') {
      if (before && placeholder) placeholder.joins = true
      if (typeof before === 'object') before.joins = true
      before = placeholder ?? 'quoted'
    } else if (char === '`' || (end === at && char > ' ')) before = undefined
    at = Math.max(end, at + 1)
  }
  return found
}

/** Before a placeholder that is a number of rows, which can be bound as a text, but not be one. */
const COUNTS_ROWS = /\b(LIMIT|OFFSET)\s*((\d+|\?)\s*,\s*)?$/i

/** Whether the placeholder at `end` is a number of rows. @param start before its LIMIT, outside of quotes */
function countsRows(sql: string, start: number, end: number): boolean {
  let code = ''
  for (let at = start; at < end; ) {
    const after = quietEnd(sql, at, true) ?? end
    code += after === at ? sql[at] : /['"`]/.test(sql[at] as string) ? "'" : ' '
    at = Math.max(after, at + 1)
  }
  return COUNTS_ROWS.test(code)
}
