import { quietEnd } from './quoting.ts'

/** Of a statement's text in a message, characters. */
const LONGEST = 80

/**
 * A statement's text for messages and logs: on one line, not too long, without comments, and without the values in it, which
 * may be nobody's business. What cannot be read for sure is left out.
 */
export function shownSql(sql: string): string {
  let shown = ''
  let at = 0
  for (; at < sql.length && shown.length <= LONGEST; ) {
    const end = quietEnd(sql, at, true)
    if (end === undefined) return `${short(shown)}…`
    if (end > at) {
      const quoted = sql[at] === '`' ? sql.slice(at, end) : /['"]/.test(sql[at] as string) ? '?' : ' '
      shown += quoted
      at = end
      continue
    }
    const [word = ''] = /^[\p{L}\p{N}_$@]+(?:\.\d+)?/u.exec(sql.slice(at, at + LONGEST + 1)) ?? []
    shown += /^\d/.test(word) ? '?' : word || sql[at]
    at += word.length || 1
  }
  return at < sql.length || shown.length > LONGEST ? `${short(shown)}…` : short(shown)
}

function short(shown: string): string {
  return shown.replace(/\s+/g, ' ').trim().slice(0, LONGEST)
}
