import type { Examination } from './examination.ts'
import { type Finding, ok, warning } from './finding.ts'

/** One GRANT: never its text, in which MariaDB repeats the hash of the password. */
interface Grant {
  readonly privileges: readonly string[]
  /** `*` for all databases. */
  readonly database: string
  /** `*` for all of it. */
  readonly table: string
  readonly grantable: boolean
  /** Taken from what stands in another line: MySQL's partial revokes. */
  readonly revoked: boolean
}

/** With these on everything a function can do what only an administrator has to. */
const TOO_MUCH = [
  'ALL PRIVILEGES',
  'SUPER',
  'FILE',
  'SHUTDOWN',
  'RELOAD',
  'CREATE USER',
  'PROCESS',
  'READ_ONLY ADMIN',
  'READ ONLY ADMIN',
  'CONNECTION_ADMIN',
  'CONNECTION ADMIN',
  'SYSTEM_VARIABLES_ADMIN',
]
/** Where the server keeps accounts and rights. Who may change its tables may give himself all of them; who reads them reads hashes. */
const SYSTEM = 'mysql'
const TOO_MUCH_THERE = ['ALL PRIVILEGES', 'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'DROP', 'ALTER']
const ROWS = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']

/** What the user may do: more than a function needs, or less. */
export async function lookAtPrivileges({ server, target, subject }: Examination): Promise<Finding> {
  const rows = await server.rows('SHOW GRANTS')
  const texts = rows.map((row) => String(Object.values(row)[0]))
  const grants = texts.flatMap((text) => readGrant(text) ?? [])
  const roles = texts.filter(isRole).length
  return judge(grants, roles, target.database, subject.reader ? ['SELECT'] : ROWS)
}

/** A role is granted on nothing. Revokes and default roles are told in lines of their own. */
export function isRole(text: string): boolean {
  return /^GRANT (?!.* ON )/s.test(text)
}

/** Under ANSI_QUOTES, of which ANSI and ORACLE are made, names are quoted as the standard has it. */
const NAME = String.raw`\*|\`(?:[^\`]|\`\`)+\`|"(?:[^"]|"")+"`
const GRANT = new RegExp(
  String.raw`^(GRANT|REVOKE) (.+?) ON (?:TABLE )?(${NAME}|[^.\s]+)\.(${NAME}|\S+) (?:TO|FROM) (.*)$`,
  's',
)

/** Undefined for a role. */
export function readGrant(text: string): Grant | undefined {
  const [, verb, list, database, table, rest] = GRANT.exec(text) ?? []
  if (list === undefined || database === undefined || table === undefined) return undefined
  return {
    // Columns in parentheses have commas of their own.
    privileges: list.replace(/ ?\([^)]*\)/g, '').split(/, ?/),
    database: nameOf(database),
    table: nameOf(table),
    revoked: verb === 'REVOKE',
    grantable: /WITH GRANT OPTION/.test(String(rest)),
  }
}

/** @param wanted on the database */
export function judge(
  grants: readonly Grant[],
  roles: number,
  database: string | undefined,
  wanted: readonly string[] = ROWS,
): Finding {
  const everywhere = grants.filter((grant) => grant.database === '*' && !grant.revoked)
  const tooMuch = everywhere.flatMap(({ privileges, grantable }) => [
    ...privileges.filter((name) => TOO_MUCH.includes(name)),
    ...(grantable ? ['GRANT OPTION'] : []),
  ])
  const here = grants.filter((grant) => database !== undefined && !grant.revoked && covers(grant, database))
  const whole = database === undefined ? [] : rightsOn(database, grants)
  const may = whole.includes('ALL PRIVILEGES') ? ['ALL PRIVILEGES'] : whole.filter(isRight)
  const onSystem = rightsOn(SYSTEM, grants).filter((name) => TOO_MUCH_THERE.includes(name))
  const facts = {
    everywhere: tooMuch,
    system: onSystem,
    database: may,
    tablesOnly: may.length === 0 && here.some(({ privileges }) => privileges.some(isRight)),
    roles,
  }
  if (tooMuch.length > 0)
    return warning(
      `${tooMuch.join(', ')} on *.*: whoever gets at the function gets at the whole server`,
      'give it a user of its own, with rights on its database only',
      facts,
    )
  if (onSystem.length > 0)
    return warning(
      `${onSystem.join(', ')} on ${SYSTEM}.*, too: whoever gets at the function gets at the server's accounts`,
      'give it rights on its database only',
      facts,
    )
  return database === undefined
    ? ok('nothing that a function should not have', facts)
    : onDatabase(database, wanted, facts)
}

function onDatabase(
  database: string,
  wanted: readonly string[],
  facts: { database: string[]; tablesOnly: boolean; roles: number; everywhere: string[] },
): Finding {
  const { database: may, tablesOnly, roles } = facts
  const missing = may.includes('ALL PRIVILEGES') ? [] : wanted.filter((right) => !may.includes(right))
  if (missing.length === 0) return ok(`${may.join(', ')} on ${database}`, facts)
  if (tablesOnly) return ok(`rights on single tables of ${database}`, facts)
  if (roles > 0)
    return ok(`${may.join(', ') || 'nothing of its own'} on ${database}, and what its roles may`, facts)
  const enough = wanted.length > 1 && may.includes('SELECT') ? '; nothing is missing where it only reads' : ''
  const todo = `GRANT what the program needs ON ${database}.* TO the user${enough}`
  return warning(`no ${missing.join(', ')} on ${database}`, todo, facts)
}

/** On all tables of a database, by whatever lines. */
function rightsOn(database: string, grants: readonly Grant[]): string[] {
  const there = grants.filter((grant) => grant.table === '*' && covers(grant, database))
  const lost = there.filter(({ revoked }) => revoked).flatMap(({ privileges }) => privileges)
  const given = there.filter(({ revoked }) => !revoked).flatMap(({ privileges }) => privileges)
  return [...new Set(given)].filter((name) => !lost.includes(name))
}

function covers({ database }: Grant, name: string): boolean {
  return database === '*' || patternOf(database).test(name)
}

/** The schema of a GRANT is a pattern, in which `_` and `%` stand for other characters unless a backslash goes before. */
function patternOf(database: string): RegExp {
  const parts = database.match(/\\[_%\\]|[\s\S]/g) ?? []
  const source = parts.map((part) => {
    if (part === '%') return '.*'
    if (part === '_') return '.'
    return (part.length > 1 ? part.slice(1) : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
  })
  return new RegExp(`^${source.join('')}$`, 's')
}

/** USAGE is none. */
function isRight(name: string): boolean {
  return name !== 'USAGE'
}

function nameOf(quoted: string): string {
  const [, quote, inside] = /^([`"])(.*)\1$/s.exec(quoted) ?? []
  return quote === undefined || inside === undefined ? quoted : inside.replaceAll(quote + quote, quote)
}
