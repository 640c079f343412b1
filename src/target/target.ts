import { createHash } from 'node:crypto'
import { invalidOption } from '../errors.ts'
import { isPlainObject } from '../options/check.ts'
import { type Pinning, pinningOf } from '../options/proxy.ts'
import type { ConnectionSettings, Credentials, Settings } from '../options.ts'
import { refuseUnfit } from './proxied.ts'
import { isRdsProxy, type Tls, tlsOf } from './tls.ts'

/** Where links lead, with which trust, as whom. The host alone decides where we connect. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly tls: Tls | undefined
  readonly credentials: Credentials | undefined
  /** Through RDS Proxy: nothing that pins, no ping, no reset. */
  readonly proxied: boolean
  /** What is done there about statements that pin. */
  readonly pinning: Pinning
  readonly driver: Readonly<Record<string, unknown>>
}

/** @throws WarmpoolError `INVALID_OPTION` where credentials would travel in clear */
export function targetOf(connection: ConnectionSettings, settings: Settings): Target {
  settings.credentials?.check?.(connection)
  const tls = tlsOf(connection, settings.tls)
  if (!tls) refuseCleartext(connection, settings)
  const proxied = settings.proxy === 'auto' ? isRdsProxy(connection.host) : settings.proxy !== false
  if (proxied) refuseUnfit(connection, settings)
  return {
    host: connection.host,
    port: connection.port,
    socketPath: connection.socketPath,
    user: connection.user,
    password: connection.password,
    database: connection.database,
    tls,
    credentials: settings.credentials,
    proxied,
    pinning: pinningOf(settings.proxy),
    driver: connection.driver,
  }
}

function refuseCleartext({ driver }: ConnectionSettings, { credentials }: Settings): void {
  const verified = "tls: 'auto' on an RDS host, or tls: { ca }"
  if (credentials?.cleartext)
    throw invalidOption('credentials', 'a token that is sent in clear, without TLS', verified)
  if (driver.authPlugins && 'mysql_clear_password' in (driver.authPlugins as object))
    throw invalidOption('connection.authPlugins', 'mysql_clear_password without TLS', verified)
}

/** Where it is, in messages. */
export function placeOf({
  socketPath,
  host,
  port,
}: {
  socketPath?: string | undefined
  host: string
  port: number
}): string {
  return socketPath ?? `${host}:${port}`
}

/** How a target is called in messages and in the registry: never with a password. */
export function labelOf(connection: ConnectionSettings): string {
  return `${connection.user ?? ''}@${placeOf(connection)}/${connection.database ?? ''}`
}

/**
 * What must be equal for two pools to share one: the place, the user, and, unless they have a name, every option that shapes
 * results or the session. Functions and objects of a class count by identity. It holds no secret that could be printed.
 */
export function keyOf(settings: Settings): string {
  const { connection, name } = settings
  if (typeof connection === 'function') return `name ${name}`
  if (name !== undefined) return `name ${name} ${labelOf(connection)}`
  const shape = [
    connection.password, // a wrong one must not get the pool of the right one
    connection.driver,
    connection.ssl,
    settings.tls,
    settings.proxy,
    settings.session,
    settings.credentials,
  ]
  const digest = createHash('sha256').update(JSON.stringify(shape, normalized)).digest('hex')
  return `target ${labelOf(connection)} ${digest}`
}

const identities = new WeakMap<object, string>()
let identified = 0

function normalized(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (isPlainObject(value))
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
  const comparable = Array.isArray(value) || value === null || !['object', 'function'].includes(typeof value)
  return comparable ? value : identityOf(value as object)
}

function identityOf(value: object): string {
  const known = identities.get(value)
  if (known) return known
  const identity = `identity ${++identified}`
  identities.set(value, identity)
  return identity
}
