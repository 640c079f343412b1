import { WarmpoolError } from '../errors.ts'
import { inTime, type Patience } from '../patience.ts'
import type { Target } from '../target/target.ts'
import { toldOf } from './thrown.ts'

/** A user and password for one handshake. */
export interface Login {
  readonly user: string | undefined
  readonly password: string | undefined
  /** Of an IAM token: what it was signed for, and when. */
  readonly signed?: string | undefined
}

/**
 * Asks for the credentials of one handshake, where the target has any to ask.
 *
 * @param refused by the clock, milliseconds: when a login was given that the server did not take
 * @throws WarmpoolError `CREDENTIALS_FAILED`
 */
export async function loginFor(target: Target, refused?: number): Promise<Login> {
  const { host, port, user, password, credentials } = target
  if (!credentials) return { user, password }
  try {
    return read(
      await credentials({ host, port, user, renew: refused !== undefined, newerThan: refused }),
      user,
    )
  } catch (thrown) {
    if (thrown instanceof WarmpoolError) throw thrown
    const { words, cause } = toldOf(thrown)
    throw credentialsFailed(`failed: ${words}`, cause)
  }
}

/** The same for those whose time is limited. Where there are no credentials to ask for, nobody can be late with them. */
export function loginInTime(target: Target, patience: Patience, refused?: number): Promise<Login> {
  const login = loginFor(target, refused)
  return target.credentials
    ? inTime(login, patience, () => credentialsFailed('gave no answer in time'))
    : login
}

function credentialsFailed(how: string, cause?: unknown): WarmpoolError {
  return new WarmpoolError('CREDENTIALS_FAILED', `credentials() ${how}`, {
    cause,
    retryable: true,
    outcome: 'not-sent',
  })
}

/** What a function gives is not what its type says where a secret lacks a field. */
function read(given: unknown, user: string | undefined): Login {
  const login = typeof given === 'object' && given !== null ? (given as Record<string, unknown>) : {}
  if (typeof login.password !== 'string')
    throw credentialsFailed('gave no password; accepted: { user?, password }, both texts')
  if (login.user === undefined && login.username !== undefined)
    throw credentialsFailed('gave a username, which is not read; accepted: { user?, password }, both texts')
  if (login.user !== undefined && typeof login.user !== 'string')
    throw credentialsFailed('gave a user that is no text; accepted: { user?, password }, both texts')
  const signed = typeof login.signed === 'string' ? login.signed : undefined
  return { user: login.user ?? user, password: login.password, signed }
}
