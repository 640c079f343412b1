import { invalidOption } from './errors.ts'
import {
  integer,
  isPlainObject,
  kindOf,
  knownKeys,
  milliseconds,
  oneOf,
  plainObject,
  shown,
  text,
} from './options/check.ts'
import {
  CONNECTION_OPTIONS,
  type ConnectionInput,
  type ConnectionSettings,
  connectionFromEnvironment,
  readConnection,
} from './options/connection.ts'
import { type TlsOptions, trustOf } from './options/trust.ts'

export type { ConnectionInput, ConnectionSettings } from './options/connection.ts'
export type { TlsOptions } from './options/trust.ts'

/** What a credentials function is told about the connection that it is asked for. */
export interface CredentialsRequest {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
}

/**
 * Gives the password for one handshake; asked anew each time. `cleartext: true` on the function says that what it gives is
 * sent in clear, so that TLS is demanded when the pool is created.
 */
export interface Credentials {
  (request: CredentialsRequest): Promise<{ user?: string; password: string }>
  readonly cleartext?: boolean
}

type ConnectionSource = string | URL | ConnectionInput

/** Options of `createPool` and `mysqlPool`. Times are in milliseconds. docs/options.md says more on each. */
export interface PoolOptions {
  /** mysql2's connection options, a URL, or an async function giving either (then `name` is needed). Default: environment. */
  connection?: ConnectionSource | (() => Promise<ConnectionSource>)
  /** Which of the container's pools this is. Default: the target, so that equal targets share one pool. */
  name?: string
  /** Connections per container, 1 to 1000. Default 2. */
  connectionLimit?: number
  /** Callers that may wait for a connection; 0, the default, is no limit. */
  queueLimit?: number
  /** Longest wait for a connection. Default: the invocation's deadline; outside an invocation 10 000. */
  acquireTimeout?: number
  /** Connecting, handshake and retries of one caller. Default 10 000. */
  connectTimeout?: number
  /** Idle age past which a connection is replaced, time frozen included. Default 300 000. */
  idleTimeout?: number
  /** Age past which a connection is replaced, less up to 10 % jitter. Default 1 800 000. */
  maxLifetime?: number
  /** Idle age past which a connection is pinged before reuse. Default 1000. Measured: bench/thaw. */
  validateAfter?: number
  /** How long that ping may take. Default 500. */
  validateTimeout?: number
  /** Time kept back from Lambda's deadline. Default: 5 % of what is left at the start, at least 50, at most 300. */
  deadlineMargin?: number
  /** Session variables, set once when a connection opens and again after a reset. Default: none. */
  session?: Readonly<Record<string, string | number | boolean | null>>
  /** `iam()` or a function giving the password for one handshake. Default: the password in `connection`. */
  credentials?: Credentials
  /** RDS Proxy mode. `'auto'`, the default, goes by the host name. */
  proxy?: 'auto' | boolean
  /** `'auto'`, the default: on for RDS and proxy endpoints, else what `connection.ssl` says. */
  tls?: 'auto' | false | TlsOptions
  /** Opens one connection when the pool is created. `'auto'`, the default: in the INIT of an on-demand Lambda container. */
  prewarm?: 'auto' | boolean
  /** `'dirty'`, the default, cleans connections that need it; `'always'` resets after every use; `'never'` rolls back only. */
  sessionReset?: 'dirty' | 'always' | 'never'
  /** What to do about a connection left behind by an invocation: `'warn'` (default), `'throw'`, `'ignore'`. */
  onLeak?: 'warn' | 'throw' | 'ignore'
  /** `'signals'`: ends the pool on SIGTERM and SIGINT, for long-lived processes. Default: it is ended by `end()` alone. */
  shutdown?: 'signals'
  /** Where the middleware puts the Database in the context. Default `'db'`. */
  contextKey?: string
}

/** The options as the pool uses them: checked, with the defaults filled in. */
export interface Settings {
  readonly connection: ConnectionSettings | (() => Promise<ConnectionSettings>)
  readonly name: string | undefined
  readonly connectionLimit: number
  readonly queueLimit: number
  readonly acquireTimeout: number | undefined
  readonly connectTimeout: number
  readonly idleTimeout: number
  readonly maxLifetime: number
  readonly validateAfter: number
  readonly validateTimeout: number
  readonly deadlineMargin: number | undefined
  readonly session: Readonly<Record<string, string | number | boolean | null>>
  readonly credentials: Credentials | undefined
  readonly proxy: 'auto' | boolean
  readonly tls: 'auto' | false | TlsOptions
  readonly prewarm: 'auto' | boolean
  readonly sessionReset: 'dirty' | 'always' | 'never'
  readonly onLeak: 'warn' | 'throw' | 'ignore'
  readonly shutdown: 'signals' | undefined
  readonly contextKey: string
}

export const DEFAULTS = {
  name: undefined,
  connectionLimit: 2,
  queueLimit: 0,
  acquireTimeout: undefined,
  connectTimeout: 10_000,
  idleTimeout: 300_000,
  maxLifetime: 1_800_000,
  validateAfter: 1000,
  validateTimeout: 500,
  deadlineMargin: undefined,
  session: {},
  credentials: undefined,
  proxy: 'auto',
  tls: 'auto',
  prewarm: 'auto',
  sessionReset: 'dirty',
  onLeak: 'warn',
  shutdown: undefined,
  contextKey: 'db',
} as const satisfies Omit<Settings, 'connection'>

const CHECKS: { [K in keyof typeof DEFAULTS]-?: (value: unknown, option: string) => Settings[K] } = {
  name: text,
  connectionLimit: integer(1, 1000),
  queueLimit: integer(0, 1_000_000),
  acquireTimeout: milliseconds(1),
  connectTimeout: milliseconds(1),
  idleTimeout: milliseconds(0),
  maxLifetime: milliseconds(1),
  validateAfter: milliseconds(0),
  validateTimeout: milliseconds(1),
  deadlineMargin: milliseconds(0),
  session: sessionVariables,
  credentials: credentialsFunction,
  proxy: oneOf('auto', true, false),
  tls: tlsOptions,
  prewarm: oneOf('auto', true, false),
  sessionReset: oneOf('dirty', 'always', 'never'),
  onLeak: oneOf('warn', 'throw', 'ignore'),
  shutdown: oneOf('signals'),
  contextKey: text,
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws WarmpoolError `INVALID_OPTION`: an unknown option, a wrong type, a number out of range, or a contradiction
 */
export function resolveOptions(options: PoolOptions = {}, env: NodeJS.ProcessEnv = process.env): Settings {
  const given = plainObject(options, 'options')
  refuseMisplaced(given)
  knownKeys(given, ['connection', ...Object.keys(DEFAULTS)], '')
  const checked = Object.entries(CHECKS).map(([option, check]) => {
    const value = given[option]
    const fallback = DEFAULTS[option as keyof typeof DEFAULTS]
    return [option, value === undefined ? fallback : check(value, option)]
  })
  const rest: Omit<Settings, 'connection'> = Object.fromEntries(checked)
  return { ...rest, connection: connectionOf(given.connection, rest, env) }
}

/** `createPool({ host, user })` is how mysql2 has it. */
function refuseMisplaced(given: Record<string, unknown>): void {
  for (const key of CONNECTION_OPTIONS)
    if (Object.hasOwn(given, key))
      throw invalidOption(key, 'an option of the connection', `connection: { ${key} }`)
}

function connectionOf(
  source: unknown,
  rest: Omit<Settings, 'connection'>,
  env: NodeJS.ProcessEnv,
): Settings['connection'] {
  if (source === undefined) return refuseContradictions(connectionFromEnvironment(env), rest)
  if (typeof source !== 'function') return refuseContradictions(readConnection(source), rest)
  if (rest.name === undefined)
    throw invalidOption(
      'name',
      'nothing, while connection is a function',
      'a name: the target is not known until the function has answered',
    )
  return async () => refuseContradictions(readConnection(await source(), 'connection()'), rest)
}

function refuseContradictions(
  connection: ConnectionSettings,
  { credentials, tls }: Omit<Settings, 'connection'>,
): ConnectionSettings {
  if (credentials && connection.password !== undefined)
    throw invalidOption('credentials', 'a function beside connection.password', 'one of them')
  if (tls !== 'auto' && connection.ssl !== undefined && connection.ssl !== tls)
    throw invalidOption('tls', `${shown(tls)} beside connection.ssl`, 'one of them')
  return connection
}

function sessionVariables(value: unknown, option: string): Settings['session'] {
  const given = plainObject(value, option)
  for (const [name, variable] of Object.entries(given)) {
    if (!/^[a-z_][a-z0-9_]*$/i.test(name))
      throw invalidOption(`${option}.${name}`, 'this name', 'the name of a session variable')
    if (name.toLowerCase() === 'autocommit')
      throw invalidOption(
        `${option}.${name}`,
        'a value',
        'no value: it stays on, and transaction(fn) opens transactions',
      )
    if (variable !== null && !['string', 'boolean'].includes(typeof variable) && !Number.isFinite(variable))
      throw invalidOption(`${option}.${name}`, kindOf(variable), 'a text, a number, true, false or null')
  }
  return given as Settings['session']
}

function credentialsFunction(value: unknown, option: string): Credentials {
  if (typeof value === 'function') return value as Credentials
  throw invalidOption(option, kindOf(value), 'iam() or an async function giving { user?, password }')
}

function tlsOptions(value: unknown, option: string): Settings['tls'] {
  if (value === 'auto' || value === false) return value
  if (isPlainObject(value)) return trustOf(value, option)
  throw invalidOption(option, kindOf(value), "'auto', false, or an object such as { ca }")
}
