import type { ConnectionOptions, QueryResult, RowDataPacket } from 'mysql2/promise'
import { Administrator, type ProcessListRow } from './administrator.ts'
import type { Engine } from './engine.ts'
import { type DatabaseOptions, findEngine, type Surroundings, surroundings } from './sources.ts'

export type { ProcessListRow } from './administrator.ts'
export type { DatabaseOptions, Surroundings } from './sources.ts'

/**
 * A MySQL server to develop and test against: the one of DATABASE_URL; else MariaDB or MySQL as a process of its own, in
 * a temporary directory, on a free port of 127.0.0.1; else MySQL in Docker. Directory and process are gone once it is
 * disposed of or this process has ended, however it ended; a forgotten one does not keep this process alive.
 *
 * @param where where a server is looked for; default the environment, the PATH and the usual places
 * @throws Error telling how to get a server when there is none, or in the server's words why it would not start
 * @example
 * await using db = await startDatabase({ args: ['--max-connections=30'] })
 * const pool = createPool({ connection: db.url })
 */
export async function startDatabase(
  options: DatabaseOptions = {},
  where: Surroundings = surroundings(),
): Promise<Database> {
  const engine = await findEngine(options, where)
  const administrator = new Administrator({ ...engine.administrator, database: engine.account.database })
  try {
    const [row] = await administrator.query<RowDataPacket[]>('SELECT VERSION() AS version')
    return new Database(engine, administrator, String(row?.version))
  } catch (error) {
    await engine.remove()
    if (where.env.DATABASE_URL === undefined) throw error
    throw new Error(`The server of DATABASE_URL does not let us in: ${(error as Error).message}.`, {
      cause: error,
    })
  }
}

/** See {@link startDatabase}. What only a server of our own has is undefined for the one of DATABASE_URL. */
export class Database implements AsyncDisposable {
  /** As the server tells it, such as `10.11.19-MariaDB`. */
  readonly version: string
  readonly #engine: Engine
  readonly #administrator: Administrator

  constructor(engine: Engine, administrator: Administrator, version: string) {
    this.version = version
    this.#engine = engine
    this.#administrator = administrator
  }

  /** For the ordinary user, who may do anything in the schema and nothing elsewhere: no PROCESS, no SUPER. */
  get url(): string {
    return this.#engine.url
  }

  get host(): string {
    return this.#engine.account.host
  }

  get port(): number {
    return this.#engine.account.port
  }

  get user(): string {
    return this.#engine.account.user
  }

  get password(): string {
    return this.#engine.account.password
  }

  get database(): string {
    return this.#engine.account.database
  }

  /** The authority, as PEM, that signed the server's certificate; undefined without TLS. */
  get ca(): string | undefined {
    return this.#engine.ca
  }

  get socketPath(): string | undefined {
    return this.#engine.socketPath
  }

  get directory(): string | undefined {
    return this.#engine.directory
  }

  /** The server's process; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#engine.pid
  }

  /** For a connection of one's own that may do anything (with DATABASE_URL: what its user may). */
  get administrator(): ConnectionOptions {
    return this.#engine.administrator
  }

  /**
   * Asks the server as the administrator, one question after another on one connection that is kept. It comes on top of
   * `max_connections`.
   */
  async query<T extends QueryResult = RowDataPacket[]>(sql: string, values?: unknown[]): Promise<T> {
    return this.#administrator.query<T>(sql, values)
  }

  /** The rows of the process list for a user, by default the ordinary one; never the administrator's own. */
  async connections(user: string = this.user): Promise<ProcessListRow[]> {
    return this.#administrator.connections(user)
  }

  /** Kills a user's connections and waits until the server has closed them. Returns how many there were. */
  async killConnections(user: string = this.user): Promise<number> {
    return this.#administrator.killConnections(user)
  }

  /** Starts the server again after a stop or kill: the same port, data and certificate. @param args default the last ones */
  async start(args?: readonly string[]): Promise<void> {
    await this.#engine.start(args)
  }

  /** An orderly shutdown, but one that takes 10 s is cut short. */
  async stop(): Promise<void> {
    await this.#administrator.close()
    await this.#engine.stop()
  }

  /** Stops and starts the server. @param args default the last ones */
  async restart(args?: readonly string[]): Promise<void> {
    await this.stop()
    await this.start(args)
  }

  /** `kill -9` of the server, sent before this returns; resolves when it is gone. */
  async kill(): Promise<void> {
    const gone = this.#engine.kill()
    await this.#administrator.close()
    await gone
  }

  /** Ends the server and deletes its directory; leaves the one of DATABASE_URL as it is. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#administrator.close()
    await this.#engine.remove()
  }
}
