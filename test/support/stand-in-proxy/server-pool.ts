import type { Database } from '../database.ts'
import type { Login } from './greeting.ts'
import { kindOf, ServerConnection, ServerGone } from './server-connection.ts'
import type { TrackedState } from './tracked-state.ts'
import { SqlError } from './wire.ts'

/** Who wants a server connection. */
export interface Borrower {
  readonly login: Login
  /** Of its session; unknown until its first server connection. */
  state: TrackedState | undefined
}

interface Waiting {
  readonly borrower: Borrower
  readonly resolve: (server: ServerConnection) => void
  readonly reject: (error: Error) => void
  readonly timer: NodeJS.Timeout
}

/** The server connections that all clients share, and the line of those who wait for one. */
export class ServerPool {
  /** The most that there ever were. */
  most = 0
  /** How often a borrower got none in time. */
  timeouts = 0
  readonly #server: Database
  readonly #limit: number
  readonly #borrowTimeout: number
  readonly #idle: ServerConnection[] = []
  readonly #line: Waiting[] = []
  readonly #open = new Set<ServerConnection>()
  /** Told to close, so that a place comes free for one of another kind. */
  readonly #leaving = new Set<ServerConnection>()
  #total = 0

  /** @param borrowTimeout milliseconds that a client may wait for one */
  constructor(server: Database, limit: number, borrowTimeout: number) {
    this.#server = server
    this.#limit = limit
    this.#borrowTimeout = borrowTimeout
  }

  /** Open, opening and closing. */
  get total(): number {
    return this.#total
  }

  get idle(): number {
    return this.#idle.length
  }

  /** @throws SqlError 9501 when none came in time, or in the server's words when it lets nobody in */
  async borrow(borrower: Borrower): Promise<ServerConnection> {
    const server = await this.#next(borrower)
    borrower.state ??= { ...server.fresh, database: borrower.login.database ?? null }
    try {
      await server.assume(borrower.state)
      return server
    } catch (error) {
      this.release(server)
      throw error
    }
  }

  /** For the next client. */
  release(server: ServerConnection): void {
    if (!this.#open.has(server)) return
    this.#idle.push(server)
    this.#serve()
  }

  /** It has state that is nobody else's. */
  discard(server: ServerConnection): void {
    server.quit()
  }

  async close(): Promise<void> {
    for (const { reject, timer } of this.#line.splice(0)) {
      clearTimeout(timer)
      reject(new ServerGone('The stand-in has ended.'))
    }
    const open = [...this.#open]
    for (const server of open) server.quit()
    await Promise.all(open.map(({ closed }) => closed))
  }

  #next(borrower: Borrower): Promise<ServerConnection> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.timeouts++
        this.#line.splice(this.#line.indexOf(waiting), 1)
        reject(new SqlError(9501, 'Timed-out waiting to acquire database connection'))
      }
      const waiting = { borrower, resolve, reject, timer: setTimeout(giveUp, this.#borrowTimeout) }
      this.#line.push(waiting)
      this.#serve()
    })
  }

  /** Gives the first in the line what there is for it; only when it is served comes the next. */
  #serve(): void {
    for (let first = this.#line[0]; first; first = this.#line[0]) {
      const server = this.#takeIdle(first.borrower)
      if (!server && this.#total >= this.#limit) return this.#makeRoom()
      this.#line.shift()
      clearTimeout(first.timer)
      if (server) first.resolve(server)
      else this.#openFor(first.borrower).then(first.resolve, first.reject)
    }
  }

  /** The one with the client's own state, if there is one. */
  #takeIdle({ login, state }: Borrower): ServerConnection | undefined {
    const database = state ? state.database : (login.database ?? null)
    const usable = this.#idle.filter(
      (server) => server.kind === kindOf(login) && (database !== null || server.state.database === null),
    )
    const same = usable.find((server) => JSON.stringify(server.state) === JSON.stringify(state))
    const server = same ?? usable.at(-1)
    if (server) this.#idle.splice(this.#idle.indexOf(server), 1)
    return server
  }

  /** What is idle and still there suits nobody who waits first. */
  #makeRoom(): void {
    const server = this.#leaving.size < this.#line.length ? this.#idle.shift() : undefined
    if (!server) return
    this.#leaving.add(server)
    this.discard(server)
  }

  async #openFor({ login }: Borrower): Promise<ServerConnection> {
    this.#total++
    this.most = Math.max(this.most, this.#total)
    try {
      const server = await ServerConnection.open(this.#server, login)
      this.#open.add(server)
      void server.closed.then(() => this.#closed(server))
      return server
    } catch (error) {
      this.#total--
      setImmediate(() => this.#serve())
      throw error
    }
  }

  #closed(server: ServerConnection): void {
    this.#open.delete(server)
    this.#leaving.delete(server)
    if (this.#idle.includes(server)) this.#idle.splice(this.#idle.indexOf(server), 1)
    this.#total--
    this.#serve()
  }
}
