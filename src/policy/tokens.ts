import { BACKTICK, DOUBLE_QUOTE, QUOTE, quietEnd } from './quoting.ts'

/**
 * Splits SQL text into the few kinds of tokens that session policy looks at: words in upper case, the same after a backtick
 * for quoted names, `'` for other quoted texts, `:=`, and single characters. Ordinary comments vanish.
 *
 * @param backslashEscapes whether a backslash escapes in quoted text: what the server says of NO_BACKSLASH_ESCAPES
 * @returns `undefined` where the text cannot be told apart without knowing the server
 */
export function tokensOf(sql: string, backslashEscapes: boolean): string[] | undefined {
  const tokens: string[] = []
  for (let at = 0; at < sql.length; ) {
    const char = sql.charCodeAt(at)
    if (isWord(char)) {
      const end = wordEnd(sql, at)
      tokens.push(sql.slice(at, end).toUpperCase())
      at = end
      continue
    }
    const end = quietEnd(sql, at, backslashEscapes)
    if (end === undefined) return undefined
    if (end > at) {
      if (char === QUOTE || char === DOUBLE_QUOTE || char === BACKTICK) tokens.push(quoted(sql, at, end))
      at = end
    } else if (char === COLON && sql.charCodeAt(at + 1) === EQUALS) {
      tokens.push(':=')
      at += 2
    } else if (char <= SPACE) at++
    else tokens.push(sql[at++] as string)
  }
  return tokens
}

const [SPACE, COLON, EQUALS, UNDERSCORE, DOLLAR] = [0x20, 0x3a, 0x3d, 0x5f, 0x24]
/** The longest name there is, with its quotes. */
const LONGEST_NAME = 66

/** Double quotes are those of a name under ANSI_QUOTES. */
function quoted(sql: string, start: number, end: number): string {
  if (sql.charCodeAt(start) === QUOTE || end - start > LONGEST_NAME) return "'"
  return `\`${sql.slice(start + 1, end - 1).toUpperCase()}`
}

/** A dollar can be in a name, but one that begins with it may begin a dollar quote. */
function isWord(char: number): boolean {
  const lower = char | 0x20
  return (
    (lower >= 0x61 && lower <= 0x7a) || (char >= 0x30 && char <= 0x39) || char === UNDERSCORE || char >= 0x80
  )
}

function wordEnd(sql: string, at: number): number {
  while (at < sql.length && (isWord(sql.charCodeAt(at)) || sql.charCodeAt(at) === DOLLAR)) at++
  return at
}
