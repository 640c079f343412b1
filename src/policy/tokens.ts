import { BACKTICK, DOUBLE_QUOTE, QUOTE, quietEnd } from './quoting.ts'

/**
 * Splits SQL text into the few kinds of tokens that session policy looks at: words in upper case, the same after a backtick
 * for quoted names, `'` for other quoted texts, `:=`, ` (` for a parenthesis that follows no word or has a comment before
 * it, and single characters. Ordinary comments vanish.
 *
 * @param backslashEscapes whether a backslash escapes in quoted text: what the server says of NO_BACKSLASH_ESCAPES
 * @returns `undefined` where the text cannot be told apart without knowing the server
 */
export function tokensOf(sql: string, backslashEscapes: boolean): string[] | undefined {
  const tokens: string[] = []
  let wordsEnd = -1
  for (let at = 0; at < sql.length; ) {
    const char = sql.charCodeAt(at)
    if (isWord(char) || char === DOLLAR) {
      const end = wordEnd(sql, at)
      // Begins a quoted text (MySQL 8.0.34): $$ or $tag$.
      if (char === DOLLAR && sql.lastIndexOf('$', end - 1) > at) return undefined
      tokens.push(word(sql.slice(at, end)))
      at = wordsEnd = end
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
    } else if (char <= SPACE) {
      if (at === wordsEnd) wordsEnd++
      at++
    } else {
      tokens.push(char === OPENING && at !== wordsEnd ? ' (' : (sql[at] as string))
      at++
    }
  }
  return tokens
}

/** Whether a token opens a parenthesis. */
export function opens(token: string | undefined): boolean {
  return token === '(' || token === ' ('
}

/** Whether a token is a word, a quoted name, or (part of) a placeholder for one. */
export function isName(token: string | undefined): token is string {
  if (token === undefined) return false
  const char = token.charCodeAt(0)
  return isWord(char) || char === BACKTICK || char === QUESTION || char === DOLLAR
}

/** Whether a token is a word that is not quoted. */
export function isBare(token: string | undefined): boolean {
  return token !== undefined && isWord(token.charCodeAt(0))
}

const [SPACE, DOLLAR, OPENING, COLON, EQUALS, QUESTION, UNDERSCORE] = [
  0x20, 0x24, 0x28, 0x3a, 0x3d, 0x3f, 0x5f,
]
/** The longest name there is, with its quotes. */
const LONGEST_NAME = 66

/** What is not all ASCII is a name and no keyword, but has capitals that are: `ſ` has S. */
function word(text: string): string {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) >= 0x80) return `\`${text.toUpperCase()}`
  return text.toUpperCase()
}

/** Double quotes are those of a name under ANSI_QUOTES. */
function quoted(sql: string, start: number, end: number): string {
  if (sql.charCodeAt(start) === QUOTE || end - start > LONGEST_NAME) return "'"
  return `\`${sql.slice(start + 1, end - 1).toUpperCase()}`
}

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
