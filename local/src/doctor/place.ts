import { kindOf } from './credentials.ts'
import type { Examination } from './examination.ts'
import { type Finding, ok, warning } from './finding.ts'
import { inTime } from './in-time.ts'
import type { Target } from './project.ts'
import { trustedBy } from './trust.ts'

const NODE = `Node ${process.versions.node}`

/** What would connect. */
export async function lookAtEnvironment({ project }: Examination): Promise<Finding> {
  const { warmpool, mysql2, wanted } = project.versions
  const facts = { node: process.versions.node, warmpool, mysql2 }
  const said = `warmpool ${warmpool}, mysql2 ${mysql2}, ${NODE}`
  if (satisfies(mysql2, wanted)) return ok(said, facts)
  return warning(`${said}; warmpool is made for mysql2 ${wanted}`, `npm install mysql2@${wanted}`, facts)
}

/** Where to, as whom, with which trust: the options as the pool reads them. */
export async function lookAtTarget(examination: Examination): Promise<Finding> {
  const { project, subject, limit } = examination
  const { warmpool } = project
  try {
    const given = subject.settings()
    const credentials = given.credentials && warmpool.overheard(given.credentials, examination.hear)
    const connection = await connectionOf(given, limit)
    examination.hear(connection)
    examination.settings = { ...given, connection, credentials }
    examination.target = warmpool.targetOf(connection, examination.settings)
  } catch (error) {
    return examination.failure(error, { source: subject.source })
  }
  const { target } = examination
  const trust = target.tls && trustedBy(target, warmpool.trustFor(target) ?? {})
  const { host, port, socketPath, user, database, proxied } = target
  const place = { host, port, socketPath, user, database, tls: trust ?? false, credentials: kindOf(target) }
  const said = inWords(target, warmpool.placeOf(target), trust)
  return ok(`${said} (${subject.source})`, { ...place, proxied, source: subject.source })
}

function inWords(target: Target, place: string, trust: string | undefined): string {
  const { socketPath, user, database, credentials, proxied } = target
  const named = socketPath === undefined ? `/${database}` : `, database ${database}`
  const by = kindOf(target)
  return [
    `${place}${database === undefined ? '' : named}`,
    user === undefined && credentials
      ? `as ${by} says`
      : `as ${user ?? 'nobody'} ${by === 'nothing' ? 'without a password' : `by ${by}`}`,
    trust === undefined ? 'without TLS' : `with TLS trusted by ${trust}`,
    ...(proxied ? ['as through RDS Proxy'] : []),
  ].join(', ')
}

/** Some programs learn it from a function. */
async function connectionOf({ connection }: Examination['settings'], limit: number): Promise<object> {
  if (typeof connection !== 'function') return connection
  const late = Symbol('late')
  const given = await inTime<object, symbol>(connection(), limit, late)
  if (given === late) throw new Error('connection() gave no answer in time')
  return given as object
}

/** Of a range such as `^3.22.0`, which is all that package.json has. */
function satisfies(version: string, range: string): boolean {
  const [least, own] = [range.replace(/^\^/, ''), version].map((text) =>
    text.split('.').map(Number.parseFloat),
  )
  if (!least || !own || least[0] !== own[0]) return false
  const [, minor = 0, patch = 0] = least
  const [, ownMinor = 0, ownPatch = 0] = own
  return ownMinor > minor || (ownMinor === minor && ownPatch >= patch)
}
