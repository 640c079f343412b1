import { invalidOption } from './errors.ts'
import {
  integer,
  isPlainObject,
  kindOf,
  knownKeys,
  milliseconds,
  oneOf,
  plainObject,
  text,
} from './options/check.ts'
import { CONNECTION_OPTIONS, connectionFromEnvironment, readConnection } from './options/connection.ts'
import { refuseContradictions } from './options/contradictions.ts'
import { proxyMode } from './options/proxy.ts'
import { readerSettings } from './options/reader.ts'
import { trustOf } from './options/trust.ts'
import {
  type Checked,
  type Credentials,
  type PoolOptions,
  READERS_OWN,
  type ReaderOptions,
  type Settings,
} from './options/types.ts'

export type { ConnectionInput, ConnectionSettings } from './options/connection.ts'
export type { TlsOptions } from './options/trust.ts'
export type {
  Credentials,
  CredentialsRequest,
  GivenCredentials,
  PoolOptions,
  ReaderOptions,
  Settings,
} from './options/types.ts'

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
  reader: undefined,
  prewarm: 'auto',
  sessionReset: 'dirty',
  onLeak: 'warn',
  shutdown: undefined,
  contextKey: 'db',
} as const satisfies Checked

const CHECKS: { [K in keyof Checked]-?: (value: unknown, option: string) => Checked[K] } = {
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
  proxy: proxyMode,
  tls: tlsOptions,
  reader: readerOptions,
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
  const checked = check(given, '', DEFAULTS)
  const connection = connectionOf(given.connection, checked, env)
  return { ...checked, connection, reader: readerOf(checked, connection) }
}

/** @param rest what stands where nothing is given */
function check(given: object, path: string, rest: Checked): Checked {
  const checked = Object.entries(CHECKS).map(([option, check]) => {
    const value = (given as Record<string, unknown>)[option]
    return [option, value === undefined ? rest[option as keyof Checked] : check(value, `${path}${option}`)]
  })
  return Object.fromEntries(checked)
}

/** What is not the reader's own is the pool's, but for its bound. */
function readerOf(pool: Checked, connection: Settings['connection']): Settings | undefined {
  const { reader: own, name, ...rest } = pool
  if (!own) return undefined
  const { connectionLimit } = DEFAULTS
  const inherited = { ...rest, connectionLimit, name: name && `${name} reader`, reader: undefined }
  return readerSettings(own, connection, check(own, 'reader.', inherited))
}

/** `createPool({ host, user })` is how mysql2 has it. */
function refuseMisplaced(given: Record<string, unknown>): void {
  for (const key of CONNECTION_OPTIONS)
    if (Object.hasOwn(given, key))
      throw invalidOption(key, 'an option of the connection', `connection: { ${key} }`)
}

function connectionOf(source: unknown, rest: Checked, env: NodeJS.ProcessEnv): Settings['connection'] {
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

/** Reads `reader`, whose own options are checked apart. */
function readerOptions(value: unknown, option: string): ReaderOptions {
  const given = plainObject(value, option)
  for (const key of CONNECTION_OPTIONS)
    if (Object.hasOwn(given, key))
      throw invalidOption(`${option}.${key}`, 'an option of the connection', `connection: { ${key} }`)
  knownKeys(given, READERS_OWN, `${option}.`)
  if (given.connection !== undefined) return given as unknown as ReaderOptions
  throw invalidOption(
    `${option}.connection`,
    'nothing',
    "a URL or mysql2 connection options: what differs from the pool's connection, above all the host",
  )
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
  throw invalidOption(
    option,
    kindOf(value),
    'iam(), secret() or an async function giving { user?, password }',
  )
}

function tlsOptions(value: unknown, option: string): Settings['tls'] {
  if (value === 'auto' || value === false) return value
  if (isPlainObject(value)) return trustOf(value, option)
  throw invalidOption(option, kindOf(value), "'auto', false, or an object such as { ca }")
}
