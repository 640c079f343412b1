import type { EventEmitter } from 'node:events'
import { createConnection, type Socket } from 'node:net'
import mysql, { type ConnectionOptions, type FieldPacket, type QueryOptions } from 'mysql2'
import type { Login } from './credentials/login.ts'
import type { Target } from './target/target.ts'
import type { Tls } from './target/tls.ts'

export type { Login } from './credentials/login.ts'

export const { escape: escapeValue, escapeId, format: formatSql } = mysql

const SECRET = ['password', 'password2', 'password3', 'passwordSha1', 'authPlugins', 'ssl']

/** Connection options that can be printed: without passwords, keys, and what makes them. */
export function withoutSecrets(options: object): ConnectionOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => !SECRET.includes(name)))
}

/** What mysql2's `query` and `execute` take: text, or an options object with `sql`. */
export type Sql = string | QueryOptions
export type Done = (error: Error | null, result?: unknown, fields?: FieldPacket[]) => void

/** Takes rows one by one. */
export interface RowSink {
  row(row: unknown): void
  fields(fields: FieldPacket[]): void
}

/** The part of mysql2's callback connection that a link uses. */
export interface DriverConnection extends EventEmitter {
  /** Makes `?` of named placeholders, where they are switched on. */
  _resolveNamedPlaceholders(options: QueryOptions): void
  readonly threadId: number
  /** From the server's greeting on. */
  readonly connectionId?: number
  readonly config: ConnectionOptions & { readonly clientFlags?: number }
  /** Another one after the TLS handshake. */
  readonly stream: Socket
  readonly _handshakePacket?: { readonly statusFlags?: number }
  /** The text that `query` sends. */
  format(sql: string, values: unknown): string
  query(sql: Sql, values: unknown, done?: Done): EventEmitter
  execute(sql: Sql, values: unknown, done: Done): EventEmitter
  prepare(sql: Sql, done: Done): void
  unprepare(sql: Sql): void
  ping(done: Done): void
  reset(done: Done): void
  changeUser(options: ConnectionOptions, done: Done): void
  end(done: Done): void
  pause(): void
  resume(): void
}

/** One server among those that a name may stand for, as a socket to it has it. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Nothing for a socket path, which leads to one server only. */
export function addressOf(stream: Socket, { socketPath }: Target): Address | undefined {
  const { remoteAddress: host, remotePort: port } = stream
  return socketPath === undefined && host !== undefined && port !== undefined ? { host, port } : undefined
}

export function textOf(sql: Sql): string {
  return String(typeof sql === 'string' ? sql : sql.sql)
}

/** What `execute` would prepare: a statement prepared apart needs its named placeholders resolved, too. */
export function bound(connection: DriverConnection, sql: Sql, values: unknown): QueryOptions {
  const options = typeof sql === 'string' ? { sql, values } : { ...sql, values: sql.values || values }
  connection._resolveNamedPlaceholders(options as QueryOptions)
  return options as QueryOptions
}

/** A `query` with its values in its text, as mysql2 makes it when it is called: what becomes of them afterwards does not count. */
export function formatted(connection: DriverConnection, sql: Sql, values: unknown): QueryOptions {
  const options = (
    typeof sql === 'string' ? { sql, values } : { ...sql, sql: sql.sql, values: valuesOf(sql, values) }
  ) as QueryOptions
  connection._resolveNamedPlaceholders(options)
  const text = connection.format(options.sql, options.values === undefined ? [] : options.values)
  return { ...options, sql: text, values: [] }
}

/** What `query` takes of the two places for values. */
export function valuesOf(sql: Sql, values: unknown): unknown {
  return values !== undefined || typeof sql === 'string' ? values : sql.values
}

/** `query`. The program's `queryFormat` has been asked by then, where there is one, and would take it for another statement. */
export function send(connection: DriverConnection, sql: Sql, values: unknown, done?: Done): EventEmitter {
  const { config } = connection
  const { queryFormat } = config
  if (!queryFormat) return connection.query(sql, values, done)
  try {
    Object.assign(config, { queryFormat: undefined })
    return connection.query(sql, values, done)
  } finally {
    Object.assign(config, { queryFormat })
  }
}

/** A capability flag of the handshake. */
const CLIENT_IGNORE_SPACE = 0x0100

/** Whether the driver has asked for IGNORE_SPACE, with which a blank may stand before the parenthesis of a function. */
export function skipsSpace({ config }: DriverConnection): boolean {
  return ((config.clientFlags ?? 0) & CLIENT_IGNORE_SPACE) !== 0
}

/** The numbers of the collations of utf8mb4. */
const UTF8 = new Set<unknown>(
  Object.entries(mysql.Charsets).flatMap(([name, id]) => (/^UTF8MB4/.test(name) ? [id] : [])),
)

/** Whether texts go out as UTF-8: what the connection was opened with, or has been told of since. */
export function writesUtf8({ config }: DriverConnection): boolean {
  return UTF8.has(config.charsetNumber)
}

/** The status in the OK packet that ended an answer; none after rows, whatever their columns are called. */
export function statusOf(result: unknown, fields?: FieldPacket[]): number | undefined {
  const ended = fields === undefined ? result : fields.at(-1) ? undefined : (result as unknown[]).at(-1)
  return (ended as { serverStatus?: number } | undefined)?.serverStatus
}

/** Of an OK packet; rows have none, whatever their columns are called. */
export function affectedRows(result: unknown): number {
  return (result as { affectedRows?: number } | undefined)?.affectedRows ?? 0
}

/** Prepared statements kept per connection. A server allows 16 382 in all, and mysql2's own default is 16 000 for each. */
const PREPARED_STATEMENTS = 256

/** Starts a connection. This file is the only one that imports mysql2. */
export function connect(target: Target, login: Login, address?: Address): DriverConnection {
  const { tls } = target
  const options = {
    maxPreparedStatements: PREPARED_STATEMENTS,
    ...target.driver,
    ...(target.socketPath ? { socketPath: target.socketPath } : { host: target.host, port: target.port }),
    ...(login.user === undefined ? {} : { user: login.user }),
    ...(login.password === undefined ? {} : { password: login.password }),
    ...(target.database === undefined ? {} : { database: target.database }),
    ...(tls ? { ssl: tls.profile ?? (tls as object) } : {}),
    ...(address && { stream: () => createConnection({ ...address, noDelay: true }) }), // the name is what TLS verifies
    enableCleartextPlugin: tls !== undefined,
    connectTimeout: 0, // the connector's business: mysql2's timer knows nothing of freezes
  }
  const connection = mysql.createConnection(options)
  if (tls?.profile) connection.config.ssl = withProfile(tls, connection.config.ssl as { ca: string[] })
  return connection as unknown as DriverConnection
}

const profiles = new WeakMap<Tls, object>()

/**
 * mysql2 has looked its profile up by name; its authorities go beside Node's own, in one object per target. An import of `node:tls`
 * would read Node's at once, for 2 ms (bench/import), and most pools have no use for them.
 */
function withProfile(tls: Tls, profile: { ca: string[] }): object {
  const { rootCertificates } = process.getBuiltinModule('node:tls')
  const { profile: _, ...trust } = tls
  const known = profiles.get(tls) ?? { ...trust, ca: [...rootCertificates, ...profile.ca] }
  profiles.set(tls, known)
  return known
}

/** Nobody answered for as long as there was time. */
export function noAnswer(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}

/** As mysql2 has it. */
export function connectionLost(): Error {
  return Object.assign(new Error('Connection lost: The server closed the connection.'), {
    code: 'PROTOCOL_CONNECTION_LOST',
    fatal: true,
  })
}
