import type { ConnectionOptions } from 'mysql2'
import { invalidOption } from '../errors.ts'
import { integer, isPlainObject, kindOf, knownKeys, text } from './check.ts'

/** mysql2's connection options, less what the pool itself decides. */
export type ConnectionInput = Omit<ConnectionOptions, keyof typeof OWNED | 'connectTimeout'>

/** A connection as it was asked for, checked: where, as whom, and mysql2's own options untouched. */
export interface ConnectionSettings {
  readonly host: string
  readonly port: number
  readonly socketPath?: string
  readonly user?: string
  readonly password?: string
  readonly database?: string
  readonly ssl?: unknown
  /** mysql2 options that we only pass on. */
  readonly driver: Readonly<Record<string, unknown>>
}

const PASSED_ON = [
  'authPlugins',
  'bigNumberStrings',
  'charset',
  'charsetNumber',
  'compress',
  'connectAttributes',
  'dateStrings',
  'decimalNumbers',
  'disableEval',
  'enableKeepAlive',
  'flags',
  'infileStreamFactory',
  'insecureAuth',
  'jsonStrings',
  'keepAliveInitialDelay',
  'localAddress',
  'maxPreparedStatements',
  'multipleStatements',
  'namedPlaceholders',
  'nestTables',
  'password2',
  'password3',
  'passwordSha1',
  'queryFormat',
  'rowsAsArray',
  'stream',
  'stringifyObjects',
  'supportBigNumbers',
  'timezone',
  'trace',
  'typeCast',
]
const PLACE = ['host', 'port', 'socketPath', 'user', 'password', 'database', 'ssl', 'uri']
/** What `connection` may hold. */
export const CONNECTION_OPTIONS: readonly string[] = [...PLACE, ...PASSED_ON]
/** Always texts, so that in a URL's query a name of digits is not taken for a JSON number. */
const TEXTS = [
  'host',
  'socketPath',
  'user',
  'password',
  'password2',
  'password3',
  'database',
  'charset',
  'timezone',
  'localAddress',
]

/** mysql2 options that have no place in `connection`, each with where it went. */
const OWNED = {
  connectionLimit: 'connectionLimit beside connection',
  queueLimit: 'queueLimit beside connection',
  connectTimeout: 'connectTimeout beside connection',
  idleTimeout: 'idleTimeout beside connection',
  maxIdle: 'nothing: connections beyond the first are closed when unused for 10 s',
  waitForConnections: 'nothing: callers wait up to acquireTimeout, at most queueLimit of them',
  resetOnRelease: "sessionReset: 'always' beside connection",
  gracefulEnd: 'nothing: connections always end gracefully',
  enableCleartextPlugin: 'nothing: it is on whenever TLS is verified',
  authSwitchHandler: 'authPlugins',
  debug: 'nothing: it prints the handshake, with the password or token in it',
  password1: 'password',
  Promise: 'nothing',
  pool: 'nothing',
  isServer: 'nothing',
} as const

/**
 * Reads `connection` when it is a URL or an object.
 *
 * @param under what stands where nothing is given
 */
export function readConnection(
  input: unknown,
  option = 'connection',
  under?: ConnectionSettings,
): ConnectionSettings {
  const given = partsOf(input, option)
  return readObject(under ? { ...partsUnder(given, under), ...defined(given) } : given, option)
}

function partsOf(input: unknown, option: string): Record<string, unknown> {
  if (typeof input === 'string' || input instanceof URL) return parseUrl(String(input), option)
  if (!isPlainObject(input))
    throw invalidOption(option, kindOf(input), 'a mysql:// URL, or an object of mysql2 connection options')
  const { uri, ...rest } = input
  if (uri === undefined) return rest
  return { ...parseUrl(text(uri, `${option}.uri`), `${option}.uri`), ...defined(rest) }
}

function defined(given: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

/** A server is reached in one way: by its host, or by a socket. */
function partsUnder(given: Record<string, unknown>, under: ConnectionSettings): Record<string, unknown> {
  const { driver, host, socketPath, ...parts } = under
  if (given.socketPath !== undefined) return { ...driver, ...parts }
  return { ...driver, ...parts, ...(given.host === undefined && socketPath ? { socketPath } : { host }) }
}

/** Reads the environment: `DATABASE_URL`, else `DB_HOST`, `DB_PORT`, `DB_USER`, `DB_PASSWORD`, `DB_NAME`. */
export function connectionFromEnvironment(env: NodeJS.ProcessEnv): ConnectionSettings {
  if (env.DATABASE_URL) return readConnection(env.DATABASE_URL, 'DATABASE_URL')
  if (!env.DB_HOST)
    throw invalidOption(
      'connection',
      'nothing, and neither DATABASE_URL nor DB_HOST is set',
      'a mysql:// URL, mysql2 connection options, an async function giving either, or those variables',
    )
  const given: Record<string, unknown> = { host: env.DB_HOST }
  if (env.DB_PORT) given.port = portNumber(env.DB_PORT, 'DB_PORT')
  if (env.DB_USER) given.user = env.DB_USER
  if (env.DB_PASSWORD) given.password = env.DB_PASSWORD
  if (env.DB_NAME) given.database = env.DB_NAME
  return readObject(given, 'connection')
}

function readObject(given: Record<string, unknown>, option: string): ConnectionSettings {
  for (const [key, instead] of Object.entries(OWNED))
    if (given[key] !== undefined)
      throw invalidOption(`${option}.${key}`, 'an option that the pool decides itself', instead)
  knownKeys(given, CONNECTION_OPTIONS, `${option}.`)
  if (given.host !== undefined && given.socketPath !== undefined)
    throw invalidOption(option, 'both host and socketPath', 'one of them')
  // A whole URL is sometimes put there, and errors name the host: the password would be in them.
  if (/[/@]/.test(String(given.host)))
    throw invalidOption(`${option}.host`, 'a text with / or @ in it', 'a host name; a URL is connection.uri')
  if (/\s/.test(String(given.host)))
    throw invalidOption(`${option}.host`, 'a text with a blank or a line break in it', 'a host name')
  if (/^[^:]*:\d+$/.test(String(given.host)))
    throw invalidOption(`${option}.host`, 'a host with its port', `a host name; the port is ${option}.port`)
  const optional = (key: string) =>
    given[key] === undefined ? {} : { [key]: text(given[key], `${option}.${key}`) }
  return {
    host: given.host === undefined ? 'localhost' : text(given.host, `${option}.host`),
    port: given.port === undefined ? 3306 : portNumber(given.port, `${option}.port`),
    ...optional('socketPath'),
    ...optional('user'),
    ...passwordOf(given.password, option),
    ...optional('database'),
    ...(given.ssl === undefined ? {} : { ssl: given.ssl }),
    driver: Object.fromEntries(
      PASSED_ON.filter((key) => given[key] !== undefined).map((key) => [
        key,
        TEXTS.includes(key) ? text(given[key], `${option}.${key}`) : given[key],
      ]),
    ),
  }
}

/** An account without a password has an empty one. */
function passwordOf(value: unknown, option: string): { password?: string } {
  if (value === undefined || value === '') return {}
  if (typeof value === 'string') return { password: value }
  throw invalidOption(`${option}.password`, kindOf(value), 'a text')
}

function portNumber(value: unknown, option: string): number {
  return integer(1, 65535)(typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value, option)
}

const URL_FORM = 'mysql://user:password@host:port/database, with special characters percent-encoded'

/** `mysql://user:password@host:port/database?option=value`, every part percent-encoded; values may be JSON. */
function parseUrl(url: string, option: string): Record<string, unknown> {
  const parsed = urlOf(url, option)
  const given: Record<string, unknown> = {}
  const put = (key: string, value: string) => {
    if (value !== '') given[key] = decoded(value, `${option}.${key}`)
  }
  put('host', parsed.hostname.replace(/^\[(.*)\]$/, '$1'))
  if (parsed.port) given.port = Number(parsed.port)
  put('user', parsed.username)
  put('password', parsed.password)
  put('database', parsed.pathname.slice(1))
  if (parsed.searchParams.has('socketPath') && given.host === 'localhost') delete given.host
  for (const [key, value] of parsed.searchParams) {
    if (Object.hasOwn(given, key)) throw invalidOption(`${option}.${key}`, 'two values', 'one')
    if (key === 'uri') throw invalidOption(`${option}.uri`, 'a URL in a URL', 'one URL')
    // A bare & would end it, and what follows would be named in the next refusal.
    if (/^password/i.test(key)) throw invalidOption(`${option}.password`, 'a password in the query', URL_FORM)
    given[key] = TEXTS.includes(key) ? value : jsonOr(value)
  }
  return given
}

/** `new URL()` puts the whole text, password included, into its error: that error goes no further. */
function urlOf(url: string, option: string): URL {
  if (!URL.canParse(url)) throw invalidOption(option, `${kindOf(url)} that is not a URL`, URL_FORM)
  // What else stands before the first colon may be a piece of a password.
  if (!/^(mysql2?|mariadb):\/\//i.test(url)) throw invalidOption(option, 'a URL of another scheme', URL_FORM)
  const parsed = new URL(url)
  // The password has ended at its own first / ? or #, and the host is a piece of it.
  if (parsed.hash !== '' || /@/.test(parsed.pathname + parsed.search))
    throw invalidOption(option, 'a URL with a bare # or with an @ after the host', URL_FORM)
  return parsed
}

function decoded(value: string, option: string): string {
  try {
    return decodeURIComponent(value)
  } catch {
    throw invalidOption(option, 'a percent sign that encodes nothing', 'percent-encoded text (% is %25)')
  }
}

function jsonOr(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return value
  }
}
