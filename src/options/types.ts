import type { ConnectionInput, ConnectionSettings } from './connection.ts'
import type { ProxyMode } from './proxy.ts'
import type { TlsOptions } from './trust.ts'

/** What a credentials function is told about the connection that it is asked for. */
export interface CredentialsRequest {
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  /** The server has just refused (1045) what was given: a copy that is kept somewhere is not to be given again. */
  readonly renew: boolean
  /**
   * With `renew`: when that was given, in milliseconds by a clock that never goes back. What was asked for after it is not what
   * was refused, so that all who were refused together can share one renewal.
   */
  readonly newerThan?: number | undefined
}

/** What the server is told in one handshake. */
export interface GivenCredentials {
  /** Default: the connection's user. */
  readonly user?: string
  readonly password: string
  /** Of an IAM token, for the error where it is refused: what it was signed for, and when. */
  readonly signed?: string
}

/** Gives the user and the password for one handshake; asked anew for each, so a function that asks far away keeps what it got. */
export interface Credentials {
  (request: CredentialsRequest): Promise<GivenCredentials>
  /** What it gives is sent in clear, so that verified TLS is demanded when the pool is created. */
  readonly cleartext?: boolean
  /** Called when the pool is created, or its place is known. @throws WarmpoolError where it can never give what lets in there */
  check?(place: { readonly host: string; readonly port: number; readonly user?: string }): void
  /** What a person should know who uses it there: a sentence, told once. */
  doubt?(place: { readonly host: string }): string | undefined
}

export type ConnectionSource = string | URL | ConnectionInput

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
  /** RDS Proxy mode. `'auto'`, the default, goes by the host name. `{ pinning }` is on; about statements that pin see docs/rds-proxy.md. */
  proxy?: ProxyMode
  /** `'auto'`, the default: on for RDS and proxy endpoints, else what `connection.ssl` says. */
  tls?: 'auto' | false | TlsOptions
  /** A read-only endpoint for `db.reader`: what differs from the pool. Default: none, and the pool itself is its reader. */
  reader?: ReaderOptions | undefined
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

/** What a reader may have of its own. Its `connection` is laid over the pool's, so that a host is enough. */
export const READERS_OWN = [
  'connection',
  'connectionLimit',
  'queueLimit',
  'acquireTimeout',
  'connectTimeout',
  'idleTimeout',
  'maxLifetime',
  'validateAfter',
  'validateTimeout',
  'session',
  'credentials',
  'proxy',
  'tls',
  'prewarm',
  'sessionReset',
] as const

/** Options of {@link PoolOptions.reader}. */
export type ReaderOptions = Pick<PoolOptions, (typeof READERS_OWN)[number]> &
  Required<Pick<PoolOptions, 'connection'>>

/** The options one by one: checked, with the defaults filled in. */
export type Checked = Omit<Settings, 'connection' | 'reader'> & {
  readonly reader: ReaderOptions | undefined
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
  readonly proxy: ProxyMode
  readonly tls: 'auto' | false | TlsOptions
  /** The reader's own, where it has a place of its own. */
  readonly reader: Settings | undefined
  readonly prewarm: 'auto' | boolean
  readonly sessionReset: 'dirty' | 'always' | 'never'
  readonly onLeak: 'warn' | 'throw' | 'ignore'
  readonly shutdown: 'signals' | undefined
  readonly contextKey: string
}
