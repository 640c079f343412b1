import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Connection,
  type ConnectionOptions,
  createConnection,
  type QueryResult,
  type RowDataPacket,
} from 'mysql2/promise'

/** A row of SHOW FULL PROCESSLIST; `Time` in seconds. */
export interface ProcessListRow extends RowDataPacket {
  Id: number
  User: string
  Host: string
  db: string | null
  Command: string
  Time: number
  State: string | null
  Info: string | null
}

interface Session {
  readonly connection: Connection
  readonly socket: Socket
  /** Questions that wait for their answer. */
  asking: number
}

const KILL_TIMEOUT = 5000

/**
 * Asks the server things on one connection, kept so that asking often costs little and changes no counter of the
 * server's. While idle it does not keep the process alive; a broken one is replaced by the next question.
 */
export class Administrator {
  readonly #options: ConnectionOptions
  #session: Promise<Session> | undefined

  /** @param options with `socketPath`, or `host` and `port` */
  constructor(options: ConnectionOptions) {
    this.#options = options
  }

  async query<T extends QueryResult>(sql: string, values: unknown[] = []): Promise<T> {
    const session = await this.#open()
    session.asking++
    session.socket.ref()
    try {
      const [result] = await session.connection.query<T>(sql, values)
      return result
    } finally {
      session.asking--
      if (session.asking === 0) session.socket.unref()
    }
  }

  /** The user's connections as the server lists them; never our own. */
  async connections(user: string): Promise<ProcessListRow[]> {
    const { connection } = await this.#open()
    const rows = await this.query<ProcessListRow[]>('SHOW FULL PROCESSLIST')
    return rows.filter((row) => row.User === user && row.Id !== connection.threadId)
  }

  /** Kills them and waits until the server has closed them. Returns how many there were. */
  async killConnections(user: string): Promise<number> {
    const victims = new Set((await this.connections(user)).map((row) => row.Id))
    for (const id of victims) await this.#killThread(id)
    const deadline = Date.now() + KILL_TIMEOUT
    while ((await this.connections(user)).some((row) => victims.has(row.Id))) {
      if (Date.now() > deadline) {
        throw new Error(
          `The server did not close all connections of ${user} within ${KILL_TIMEOUT} ms of their KILL.`,
        )
      }
      await sleep(5)
    }
    return victims.size
  }

  /** Drops the connection; the next question opens another. */
  async close(): Promise<void> {
    const opening = this.#session
    this.#session = undefined
    const session = await opening?.catch(() => undefined)
    // With an error, or questions still open would wait for ever.
    session?.socket.destroy(new Error('The database was asked while it was being stopped.'))
  }

  async #killThread(id: number): Promise<void> {
    try {
      await this.query(`KILL ${id}`)
    } catch (error) {
      if (!hasCode(error, 'ER_NO_SUCH_THREAD')) throw error
    }
  }

  #open(): Promise<Session> {
    if (this.#session === undefined) {
      const forget = () => {
        if (this.#session === session) this.#session = undefined
      }
      const session = openSession(this.#options, forget)
      session.catch(forget)
      this.#session = session
    }
    return this.#session
  }
}

async function openSession(options: ConnectionOptions, onClose: () => void): Promise<Session> {
  const { socketPath, host = 'localhost', port = 3306 } = options
  const socket = socketPath === undefined ? connect(port, host) : connect(socketPath)
  socket.once('close', onClose)
  // mysql2 gives no access to a socket that it opened itself.
  const connection = await createConnection({ ...options, stream: () => socket })
  // Told to whoever is asking at that time; without a listener it would end the process.
  connection.on('error', onClose)
  // However short the server's own `wait_timeout` was made for a test.
  await connection.query('SET SESSION wait_timeout = 86400')
  socket.unref()
  return { connection, socket, asking: 0 }
}

/**
 * Lets the administrator in on top of `max_connections`, so that the application gets as many as were asked for. False
 * while the server is not there yet.
 */
export async function makeRoom(options: ConnectionOptions): Promise<boolean> {
  try {
    await using connection = await createConnection(options)
    await connection.query('SET GLOBAL max_connections = @@GLOBAL.max_connections + 1')
    return true
  } catch (error) {
    if (hasCode(error, 'ENOENT', 'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'))
      return false
    throw error
  }
}

function hasCode(error: unknown, ...codes: string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code))
}
