import { OF_CREDENTIALS } from './advice.ts'
import type { Examination } from './examination.ts'
import { type Finding, ok, warning } from './finding.ts'
import { inTime } from './in-time.ts'
import type { Login, Target } from './project.ts'

export type Kind = 'nothing' | 'a password' | 'iam()' | 'secret()' | 'a function'

/** How the program proves who it is. `iam()` and `secret()` tell themselves apart in the way that lets pools share a target. */
export function kindOf({ password, credentials }: Pick<Target, 'password' | 'credentials'>): Kind {
  if (!credentials) return password === undefined ? 'nothing' : 'a password'
  const told = credentials.toJSON?.()
  if (typeof told === 'object' && told !== null) {
    if ('iam' in told) return 'iam()'
    if ('secret' in told) return 'secret()'
  }
  return 'a function'
}

/** Asks for the credentials of one handshake, where there are any to ask for. */
export async function lookAtCredentials(examination: Examination): Promise<Finding> {
  const { project, target, limit } = examination
  const kind = kindOf(target)
  const started = performance.now()
  const asked = project.warmpool.loginFor(target).then(
    (login) => ({ login }),
    (error) => ({ error }),
  )
  const late = { error: new Error('credentials() gave no answer in time') }
  const answer = await inTime<{ login: Login } | { error: Error }, { error: Error }>(asked, limit, late)
  if ('error' in answer) {
    const { code } = answer.error as { code?: string }
    return examination.failure(answer.error, { kind, code }, OF_CREDENTIALS[kind])
  }
  examination.login = answer.login
  examination.slowest = Math.max(examination.slowest, performance.now() - started)
  return judged(kind, answer.login, target)
}

function judged(kind: Kind, { user, signed }: Login, target: Target): Finding {
  const facts = { kind, user, ...(signed !== undefined && { signed }) }
  if (user === undefined)
    return warning(
      'no user is named, so the server is asked for an account without a name',
      'name a user',
      facts,
    )
  if (kind === 'nothing')
    return warning(`${user} without a password`, 'give the account one, and the pool', facts)
  const doubt = target.credentials?.doubt?.(target)
  if (doubt !== undefined) return warning(doubt, 'connect to the endpoint by its own name', facts)
  if (signed !== undefined) return ok(`an IAM token, signed ${signed} by this machine's clock`, facts)
  const whose = user === target.user ? user : `${user}, whom the credentials name`
  return ok(`${kind} for ${whose}`, facts)
}
