import { printed } from './printed.ts'
import { secretsIn } from './secrets.ts'

/** Where things came from, by the thing: the same error comes out of several promises. */
const emitted = new Map<unknown, string>()

/** Notes that the package has let this out. It is looked at when the test is over, with all that was added to it since. */
export function noteEmission(from: string, what: unknown): void {
  if (!(what instanceof SecretCameOut) && !emitted.has(what)) emitted.set(what, from)
}

/** The secrets in all that was let out since the last call, each with where it was found. */
export function takeLeaks(): string[] {
  const leaks: string[] = []
  for (const [what, from] of emitted)
    for (const found of secretsIn(typeof what === 'string' ? what : printed(what)))
      leaks.push(`${from}: ${found}`)
  emitted.clear()
  return leaks
}

/** Fails the test that has let a secret out; being a rejection itself, it must not fail the next one. */
export class SecretCameOut extends Error {
  constructor(leaks: string[]) {
    super(`A secret came out:\n${leaks.join('\n')}`)
  }
}
