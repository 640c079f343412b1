/** What a function of the user's failed with, as far as it may be told. */
export interface Told {
  readonly words: string
  readonly cause: unknown
}

/** What JSON.parse and those who repeat it say: with a piece of the text that could not be read. */
const OF_JSON = /\bJSON\b/
const MASKED =
  'its words are kept back, as they may hold a piece of a secret: it is about a text that could not be parsed'

/**
 * The words and the error itself; of a text that could not be parsed neither. JSON.parse repeats a piece of its text, and `new URL()`
 * the whole of it: where a secret is not what somebody took it for, that is the secret. Errors of the AWS SDK lose the body of their hidden
 * `$response`, a stream that leads to the request, and so to the session token in its headers.
 */
export function toldOf(thrown: unknown): Told {
  const chain = chainOf(thrown)
  if (chain.some(aboutParsing)) return { words: `${nameOf(thrown)}; ${MASKED}`, cause: undefined }
  for (const { $response } of chain)
    if (typeof $response === 'object' && $response !== null) Reflect.set($response, 'body', undefined)
  return { words: thrown instanceof Error ? thrown.message : String(thrown), cause: thrown }
}

/** The error and all that it comes from. What is thrown may be anything. */
function chainOf(thrown: unknown, depth = 8): Record<string, unknown>[] {
  if (typeof thrown !== 'object' || thrown === null) return [{ message: thrown }]
  if (depth === 0) return []
  const error = thrown as Record<string, unknown>
  const own = Object.values(Object.getOwnPropertyDescriptors(error)).flatMap(({ value }) => value ?? [])
  const errors = own.filter((value) => value instanceof Error && value !== error.cause) // whatever it calls them
  const others = error.cause === undefined ? errors : [error.cause, ...errors]
  return [error, ...others.flatMap((other) => chainOf(other, depth - 1))]
}

function aboutParsing(error: Record<string, unknown>): boolean {
  const { name, code, message } = error
  if (name === 'SyntaxError' || error instanceof SyntaxError) return true
  return code === 'ERR_INVALID_URL' || (typeof message === 'string' && OF_JSON.test(message))
}

function nameOf(thrown: unknown): string {
  const name = thrown instanceof Error ? thrown.name : undefined
  return /^\w+$/.test(name ?? '') ? String(name) : 'an error'
}
