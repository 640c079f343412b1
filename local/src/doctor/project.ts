import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

/** A connection as a pool of the project would open it. */
export interface Target {
  readonly host: string
  readonly port: number
  readonly socketPath: string | undefined
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string | undefined
  readonly tls: object | undefined
  readonly credentials: Credentials | undefined
  readonly proxied: boolean
  readonly driver: Readonly<Record<string, unknown>>
}

/** What gives the password for a handshake. */
export interface Credentials {
  /** Tells `iam()` and `secret()` apart. */
  toJSON?(): unknown
  /** What may be wrong with using it there. */
  doubt?(target: Target): string | undefined
}

export interface Settings {
  readonly connection: object
  readonly credentials: Credentials | undefined
  readonly connectionLimit: number
  /** Milliseconds. */
  readonly connectTimeout: number
  readonly prewarm: boolean | 'auto'
  /** Of the pool's reader, where it has one of its own. */
  readonly reader?: Settings | undefined
}

export interface Login {
  readonly user: string | undefined
  readonly password: string | undefined
  /** Of an IAM token: for what, and when. */
  readonly signed?: string | undefined
}

/** With mysql2's options of what becomes of its rows. */
export interface Statement {
  readonly sql: string
  readonly rowsAsArray: boolean
  readonly nestTables: boolean
  readonly typeCast: (field: unknown, next: () => unknown) => unknown
}

/** A connection that a pool of the project has lent. */
export interface Connection {
  /** The session's number, as the greeting had it. */
  readonly threadId: number
  query(statement: Statement): Promise<[rows: unknown, fields: unknown]>
  release(): void
}

export interface Pool {
  getConnection(): Promise<Connection>
  end(options: { timeout: number }): Promise<void>
}

/** Trust as `tls.connect` takes it. */
export interface Trust {
  readonly ca?: string | Buffer | readonly (string | Buffer)[]
}

/** An error of connecting: what Node, mysql2 and servers say. */
export interface Trouble {
  readonly code?: string | undefined
  readonly errno?: number | undefined
  readonly message: string
  readonly stage?: 'resolving' | 'dialling' | 'greeting' | 'login'
}

/** That nothing came in time. */
export function silent(stage: NonNullable<Trouble['stage']>): Trouble {
  return { code: 'ETIMEDOUT', message: 'no answer in time', stage }
}

/** The part of `warmpool/diagnosis` that is used. It judges, so that we cannot judge otherwise than the pool would. */
export interface Warmpool {
  overheard(credentials: Credentials, hear: (given: unknown) => void): Credentials
  poolOf(settings: Settings): Pool
  iam(): object
  secret(options: { secretId: string }): object
  resolveOptions(options: object): Settings
  settingsOf(value: unknown): Settings | undefined
  targetOf(connection: object, settings: Settings): Target
  trustFor(target: Target): Trust | undefined
  placeOf(target: Target): string
  loginFor(target: Target): Promise<Login>
  connectTrouble(trouble: Trouble): { sentence: string; words: string | undefined }
  readOnly(row: unknown): boolean
  toldOf(thrown: unknown): { readonly words: string }
  readonly WHAT_IT_IS: string
}

export interface Project {
  readonly warmpool: Warmpool
  /** Where warmpool is installed. */
  readonly root: string
  readonly versions: {
    readonly warmpool: string
    readonly mysql2: string
    /** Of mysql2, as warmpool's package.json asks for it. */
    readonly wanted: string
  }
}

/** The project's own warmpool. @throws Error in one sentence where it has none that can be used */
export async function loadProject(directory: string): Promise<Project> {
  const entry = find(directory)
  const manifest = manifestOf('warmpool', entry)
  const warmpool = await import(pathToFileURL(entry).href).catch((error) => refuseBroken(error, entry))
  return {
    warmpool,
    root: dirname(createRequire(entry).resolve('warmpool/package.json')),
    versions: {
      warmpool: String(manifest.version),
      mysql2: String(manifestOf('mysql2', entry).version),
      wanted: String((manifest.peerDependencies as Record<string, string> | undefined)?.mysql2),
    },
  }
}

function find(directory: string): string {
  try {
    return createRequire(join(directory, 'package.json')).resolve('warmpool/diagnosis')
  } catch (error) {
    if (codeOf(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED')
      throw new Error('The warmpool installed here is older than this doctor: npm install warmpool@latest.')
    throw new Error(
      'No warmpool is installed here: run this in the directory of the program that uses it, or npm install warmpool mysql2.',
    )
  }
}

function refuseBroken(error: unknown, entry: string): never {
  if (codeOf(error) === 'ERR_MODULE_NOT_FOUND' && manifestOf('mysql2', entry).version === undefined)
    throw new Error('mysql2 is not installed beside warmpool: npm install mysql2.')
  throw error
}

/** Nothing where it is not installed. */
function manifestOf(name: string, from: string): Record<string, unknown> {
  try {
    return JSON.parse(readFileSync(createRequire(from).resolve(`${name}/package.json`), 'utf8'))
  } catch {
    return {}
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
