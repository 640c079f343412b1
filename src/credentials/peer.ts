import { WarmpoolError } from '../errors.ts'

/** An optional peer that could not be loaded: which one, for what, and how to get it. */
export function missingPeer(what: string, name: string, cause: unknown): WarmpoolError {
  return new WarmpoolError('CREDENTIALS_FAILED', `${what} needs ${name}: npm install ${name}`, {
    cause,
    outcome: 'not-sent',
  })
}
