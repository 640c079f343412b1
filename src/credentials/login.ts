import { WarmpoolError } from '../errors.ts'
import type { Target } from '../target/target.ts'

/** A user and password for one handshake. */
export interface Login {
  readonly user: string | undefined
  readonly password: string | undefined
}

/** Asks for the credentials of one handshake, where the target has any to ask. @throws WarmpoolError `CREDENTIALS_FAILED` */
export async function loginFor(target: Target): Promise<Login> {
  const { host, port, user, password, credentials } = target
  if (!credentials) return { user, password }
  let given: unknown
  try {
    given = await credentials({ host, port, user })
  } catch (cause) {
    if (cause instanceof WarmpoolError) throw cause
    throw credentialsFailed(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
  }
  return read(given, user)
}

export function credentialsFailed(how: string, cause?: unknown): WarmpoolError {
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
  if (login.user !== undefined && typeof login.user !== 'string')
    throw credentialsFailed('gave a user that is no text; accepted: { user?, password }, both texts')
  return { user: login.user ?? user, password: login.password }
}
