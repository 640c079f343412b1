import { type Examination, faultOf } from './examination.ts'
import { type Finding, ok, warning } from './finding.ts'
import type { Login, Target } from './project.ts'
import { firstLine } from './words.ts'

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

const LOOK: Readonly<Partial<Record<Kind, string>>> = {
  'iam()':
    "look at AWS_REGION and at where this shell's AWS keys come from (AWS_ACCESS_KEY_ID, AWS_PROFILE, aws sso login)",
  'secret()':
    "look at the secret's id and region, at this shell's AWS keys, and at secretsmanager:GetSecretValue for them",
  'a function': 'look at the function that credentials names',
}

/** Asks for the credentials of one handshake, where there are any to ask for. */
export async function lookAtCredentials(examination: Examination): Promise<Finding> {
  const { project, target, limit } = examination
  const kind = kindOf(target)
  const asked = project.warmpool.loginFor(target).then(
    (login) => ({ login }),
    (error) => ({ error }),
  )
  const late = { error: new Error('credentials() gave no answer in time') }
  const answer = await inTime<{ login: Login } | { error: Error }>(asked, limit, late)
  if ('error' in answer) {
    const found = faultOf(firstLine(answer.error), { kind, code: (answer.error as { code?: string }).code })
    const todo = found.todo ?? LOOK[kind]
    return { ...found, ...(todo !== undefined && { todo }) }
  }
  examination.login = answer.login
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
  if (doubt !== undefined) return warning(doubt, String(LOOK[kind]), facts)
  if (signed !== undefined) return ok(`an IAM token, signed ${signed} by this machine's clock`, facts)
  const whose = user === target.user ? user : `${user}, whom the credentials name`
  return ok(`${kind} for ${whose}`, facts)
}

/** @param limit milliseconds */
export async function inTime<T>(answer: Promise<T>, limit: number, late: T): Promise<T> {
  const { promise, resolve } = Promise.withResolvers<T>()
  const timer = setTimeout(() => resolve(late), limit)
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
