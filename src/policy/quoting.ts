/**
 * Where the quoted text or comment that starts at `at` ends; `at` itself where none starts.
 *
 * @param backslashEscapes whether a backslash escapes in quoted text: what the server says of NO_BACKSLASH_ESCAPES
 * @returns `undefined` where that cannot be told without knowing the server: an executable comment, an open quote, an
 * escaped double quote (none under ANSI_QUOTES), a dollar quote (MySQL 8.0.34), a NUL (which ends a comment)
 */
export function quietEnd(sql: string, at: number, backslashEscapes: boolean): number | undefined {
  const char = sql.charCodeAt(at)
  if (char > SLASH && char !== BACKTICK) return at
  if (char === QUOTE || char === DOUBLE_QUOTE || char === BACKTICK)
    return quoteEnd(sql, at, char, backslashEscapes && char !== BACKTICK)
  if (char === HASH || (char === DASH && isDashComment(sql, at))) return lineEnd(sql, at)
  if (char === SLASH && sql.charCodeAt(at + 1) === ASTERISK) return commentEnd(sql, at)
  return char === 0 || (char === DOLLAR && sql.charCodeAt(at + 1) === DOLLAR) ? undefined : at
}

export const [QUOTE, DOUBLE_QUOTE, BACKTICK, BACKSLASH] = [0x27, 0x22, 0x60, 0x5c]
const [HASH, DASH, SLASH, ASTERISK, DOLLAR, SPACE, DELETE] = [0x23, 0x2d, 0x2f, 0x2a, 0x24, 0x20, 0x7f]

/** A doubled quote reads as two quoted texts side by side, which is the same to us. */
function quoteEnd(sql: string, start: number, quote: number, backslashEscapes: boolean): number | undefined {
  for (let at = start + 1; at < sql.length; at++) {
    const char = sql.charCodeAt(at)
    if (char === quote) return at + 1
    if (char !== BACKSLASH || !backslashEscapes) continue
    at++
    if (quote === DOUBLE_QUOTE && sql.charCodeAt(at) === DOUBLE_QUOTE) return undefined
  }
  return undefined
}

function commentEnd(sql: string, at: number): number | undefined {
  const end = sql.indexOf('*/', at + 2)
  return end < 0 || sql[at + 2] === '!' || sql.startsWith('M!', at + 2) ? undefined : end + 2
}

function lineEnd(sql: string, at: number): number | undefined {
  const end = sql.indexOf('\n', at)
  const comment = end < 0 ? sql.slice(at) : sql.slice(at, end)
  return comment.includes('\0') ? undefined : at + comment.length
}

/** MySQL wants white space or a control character after the dashes; `1--1` is arithmetic. */
function isDashComment(sql: string, at: number): boolean {
  if (sql.charCodeAt(at + 1) !== DASH) return false
  const next = sql.charCodeAt(at + 2)
  return Number.isNaN(next) || next <= SPACE || next === DELETE
}
