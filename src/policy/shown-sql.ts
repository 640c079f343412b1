import { quietEnd } from './quoting.ts'

/** Of a statement's text in a message, characters. */
const LONGEST = 80

/** A number, in whatever notation, or a word. */
const WORD = /\d[\p{L}\p{N}_$.]*|[\p{L}\p{N}_$@]+/uy
/** Begins a quoted text (MySQL 8.0.34). */
const DOLLAR_QUOTE = /^\$.*\$/

/**
 * A statement's text for messages and logs: on one line, not too long, without comments, and without the values in it, which
 * may be nobody's business. What cannot be read for sure is left out.
 */
export function shownSql(sql: string): string {
  let shown = ''
  let at = 0
  for (; at < sql.length && shown.length <= LONGEST; ) {
    const end = quietEnd(sql, at, true)
    // Where a quoted text ends can depend on NO_BACKSLASH_ESCAPES, which is the session's business.
    if (end === undefined || end !== quietEnd(sql, at, false)) return `${short(shown)}…`
    if (end > at) {
      const quoted = sql[at] === '`' ? sql.slice(at, end) : /['"]/.test(sql[at] as string) ? '?' : ' '
      shown += quoted
      at = end
      continue
    }
    WORD.lastIndex = at
    const [word = ''] = WORD.exec(sql) ?? []
    if (DOLLAR_QUOTE.test(word)) return `${short(shown)}…`
    shown += /^\d/.test(word) ? '?' : word || sql[at]
    at += word.length || 1
  }
  return at < sql.length || shown.length > LONGEST ? `${short(shown)}…` : short(shown)
}

function short(shown: string): string {
  return shown.replace(/\s+/g, ' ').trim().slice(0, LONGEST)
}
