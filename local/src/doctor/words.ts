import type { Warmpool } from './project.ts'

/** What an error says, in one line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s*\n\s*/g, ' ').trim()
}

/** A URL that was never read, such as one in what a program's own function has thrown; our own example of one is none. */
const LOGIN_IN_URL = /(\b\w+:\/\/)(?!user:password@)\S*@/g

/** Without what stands before the host in URLs. */
export function withoutUrls(text: string): string {
  return text.replace(LOGIN_IN_URL, '$1***@')
}

/** The same of what a program of the user's may have thrown: without the piece of a secret that a parser repeats. */
export function wordsOf({ toldOf }: Pick<Warmpool, 'toldOf'>, error: unknown): string {
  const ours = error instanceof Error && error.name === 'WarmpoolError'
  return withoutUrls(firstLine(ours ? error : toldOf(error).words))
}
