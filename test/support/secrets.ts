/** Long enough that no output holds one by chance. */
const PIECE = 12

const kept = new Map<string, readonly string[]>()
const listeners: (() => void)[] = []

/**
 * From now on the test file fails where the package puts one of these into anything that can be read or printed; see
 * watch-secrets.ts. Pieces of a long one count as well.
 */
export function keepSecret(...secrets: string[]): void {
  for (const secret of secrets) {
    if (secret.length < 8)
      throw new Error('A secret of a test is at least 8 characters, so that nothing holds it by chance.')
    kept.set(secret, looksOf(secret))
  }
  for (const heard of listeners.splice(0)) heard()
}

/** Calls it when there is something to look for: files without a secret pay for nothing. */
export function whenFirstKept(heard: () => void): void {
  if (kept.size > 0) heard()
  else listeners.push(heard)
}

/** What the text gives away: each secret's first place in it, with the words in front. */
export function secretsIn(text: string): string[] {
  return [...kept.values()].flatMap((looks) => {
    const look = looks.find((piece) => text.includes(piece))
    if (look === undefined) return []
    const at = text.indexOf(look)
    return [text.slice(Math.max(0, at - 60), at + look.length)]
  })
}

/** As it is, in a URL, inside quotes, and as Node prints the bytes of a Buffer and of an array. */
function looksOf(secret: string): string[] {
  const bytes = Buffer.from(secret)
  const url = encodeURIComponent(secret)
  const texts = [
    secret,
    url,
    url.toLowerCase(),
    JSON.stringify(secret).slice(1, -1),
    secret.replace(/['\\]/g, '\\$&'),
  ]
  const printed = [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')]
  const pairs = bytes.toString('hex').replace(/..(?=.)/g, '$& ')
  return [...new Set([...texts.flatMap(piecesOf), ...printed, pairs, bytes.join(', ')])]
}

/** Half of a long one is a secret, too: an address that is cut at its `@` or `#` shows the rest. */
function piecesOf(text: string): string[] {
  if (text.length < 2 * PIECE) return [text]
  const pieces = [text, text.slice(-PIECE)]
  for (let at = 0; at + PIECE <= text.length; at += PIECE / 2) pieces.push(text.slice(at, at + PIECE))
  return pieces
}
