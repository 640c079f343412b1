/**
 * Splits SQL text into the few kinds of tokens that session policy looks at: words in upper case, `'` for any quoted text,
 * `:=`, and single characters. Ordinary comments vanish.
 *
 * @param backslashEscapes whether a backslash escapes in quoted text: what the server says of NO_BACKSLASH_ESCAPES
 * @returns `undefined` where the text cannot be told apart without knowing the server: an executable comment, an open quote
 */
export function tokensOf(sql: string, backslashEscapes: boolean): string[] | undefined {
  const tokens: string[] = []
  for (let at = 0; at < sql.length; ) {
    const char = sql.charCodeAt(at)
    if (char <= SPACE) at++
    else if (isWord(char)) {
      const end = wordEnd(sql, at)
      tokens.push(sql.slice(at, end).toUpperCase())
      at = end
    } else if (char === QUOTE || char === DOUBLE_QUOTE || char === BACKTICK) {
      const end = quoteEnd(sql, at, char, backslashEscapes && char !== BACKTICK)
      if (end === undefined) return undefined
      tokens.push("'")
      at = end
    } else if (char === HASH || (char === DASH && isDashComment(sql, at))) {
      const end = sql.indexOf('\n', at)
      at = end < 0 ? sql.length : end
    } else if (char === SLASH && sql[at + 1] === '*') {
      const end = sql.indexOf('*/', at + 2)
      if (end < 0 || sql[at + 2] === '!' || sql.startsWith('M!', at + 2)) return undefined
      at = end + 2
    } else if (char === COLON && sql[at + 1] === '=') {
      tokens.push(':=')
      at += 2
    } else tokens.push(sql[at++] as string)
  }
  return tokens
}

const [SPACE, QUOTE, DOUBLE_QUOTE, BACKTICK, BACKSLASH] = [0x20, 0x27, 0x22, 0x60, 0x5c]
const [HASH, DASH, SLASH, COLON, UNDERSCORE, DOLLAR] = [0x23, 0x2d, 0x2f, 0x3a, 0x5f, 0x24]

function isWord(char: number): boolean {
  const lower = char | 0x20
  return (
    (lower >= 0x61 && lower <= 0x7a) ||
    (char >= 0x30 && char <= 0x39) ||
    char === UNDERSCORE ||
    char === DOLLAR ||
    char >= 0x80
  )
}

function wordEnd(sql: string, at: number): number {
  while (at < sql.length && isWord(sql.charCodeAt(at))) at++
  return at
}

/** A doubled quote reads as two quoted texts side by side, which is the same to us. */
function quoteEnd(sql: string, start: number, quote: number, backslashEscapes: boolean): number | undefined {
  for (let at = start + 1; at < sql.length; at++) {
    const char = sql.charCodeAt(at)
    if (char === quote) return at + 1
    if (char === BACKSLASH && backslashEscapes) at++
  }
  return undefined
}

/** MySQL wants white space after the dashes; `1--1` is arithmetic. */
function isDashComment(sql: string, at: number): boolean {
  return sql[at + 1] === '-' && (at + 2 >= sql.length || sql.charCodeAt(at + 2) <= SPACE)
}
