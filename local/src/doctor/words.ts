import type { Warmpool } from './project.ts'

/** What an error says, in one line. */
export function firstLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s*\n\s*/g, ' ').trim()
}

/** The same of what a program of the user's may have thrown: without the piece of a secret that a parser repeats. */
export function wordsOf({ toldOf }: Pick<Warmpool, 'toldOf'>, error: unknown): string {
  const ours = error instanceof Error && error.name === 'WarmpoolError'
  return firstLine(ours ? error : toldOf(error).words)
}
