import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createSecureContext } from 'node:tls'
import type { Database } from '../database.ts'
import { Accounts } from './accounts.ts'
import { proxyCertificate } from './certificate.ts'
import { Client, type House, type Pinned } from './client.ts'
import { admit, refuse } from './door.ts'
import { greetingOf } from './server-connection.ts'
import { ServerPool } from './server-pool.ts'
import { SqlError } from './wire.ts'

/** Limits of the proxy; times in milliseconds. The defaults are RDS Proxy's, but for the number of connections. */
export interface ProxyOptions {
  /** Server connections. Default 4. */
  readonly maxConnections?: number
  /** How long a statement waits for a server connection. Default 120 000. */
  readonly borrowTimeout?: number
  /** Clients at once. Default 1000. */
  readonly maxClients?: number
  /** Default 1 800 000. */
  readonly idleClientTimeout?: number
  /** Default 86 400 000. */
  readonly clientLifetime?: number
  /** Whether a login, too, takes a server connection for a moment. AWS does not say; default false. */
  readonly borrowAtLogin?: boolean
}

/**
 * RDS Proxy as AWS documents it, over a real server: TLS only, the password in clear inside it, and many clients over a few server
 * connections, each borrowed for a statement or a transaction, but for clients that are pinned. It listens on 127.0.0.1; its
 * certificate is for `localhost` and for {@link PROXY_NAME}.
 *
 * ```ts
 * await using proxy = await StandInProxy.before(database, { maxConnections: 2 })
 * const pool = createPool({ connection: proxy.connection, tls: { ca: proxy.ca }, proxy: true })
 * ```
 */
export class StandInProxy implements AsyncDisposable {
  /** The authority of its certificate, as PEM. */
  readonly ca: string
  /** The server's own user and password are let in from the start. */
  readonly accounts = new Accounts()
  readonly pinned: Pinned[] = []
  /** How often each command came, by its name: `QUERY`, `PING`, `RESET`, `CHANGE_USER`, `PREPARE`, `KILL` and so on. */
  readonly commands: Record<string, number> = {}
  /** The numbers of the errors with which logins were refused. */
  readonly refused: number[] = []
  readonly servers: ServerPool
  readonly #database: Database
  readonly #listener: Server
  readonly #clients = new Set<Socket>()
  #lastClient = 1_000_000 // of no thread of the server

  private constructor(database: Database, ca: string, options: ProxyOptions) {
    const { maxConnections = 4, borrowTimeout = 120_000 } = options
    this.ca = ca
    this.#database = database
    this.accounts.allow(database.user, database.password)
    this.servers = new ServerPool(database, maxConnections, borrowTimeout)
    this.#listener = createServer()
  }

  static async before(database: Database, options: ProxyOptions = {}): Promise<StandInProxy> {
    const { ca, cert, key } = await proxyCertificate()
    const proxy = new StandInProxy(database, ca, options)
    const means = {
      greeting: await greetingOf(database),
      context: createSecureContext({ cert, key }),
      accounts: proxy.accounts,
    }
    proxy.#listener.on('connection', (socket) => proxy.#receive(socket, means, options))
    proxy.#listener.listen(0, '127.0.0.1')
    await once(proxy.#listener, 'listening')
    return proxy
  }

  get port(): number {
    return (this.#listener.address() as AddressInfo).port
  }

  /** For `connection` of a pool, with the server's own user. */
  get connection() {
    const { user, password, database } = this.#database
    return { host: 'localhost', port: this.port, user, password, database }
  }

  /** Clients that are connected. */
  get clients(): number {
    return this.#clients.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close()
    for (const socket of this.#clients) socket.destroy()
    await this.servers.close()
  }

  #receive(socket: Socket, means: Parameters<typeof admit>[2], options: ProxyOptions): void {
    const { maxClients = 1000, borrowAtLogin = false } = options
    socket.on('error', () => {})
    socket.setNoDelay(true)
    if (this.#clients.size >= maxClients) {
      const words = `Number simultaneous connections exceeded (${maxClients})`
      return void this.refused.push(refuse(socket, 0, new SqlError(1040, words)).code)
    }
    this.#clients.add(socket)
    socket.once('close', () => this.#clients.delete(socket))
    const id = ++this.#lastClient
    admit(socket, id, means)
      .then((admitted) => admitted && new Client(id, admitted, this.#house(options)).serve(borrowAtLogin))
      .catch((error) => {
        if (!(error instanceof SqlError)) throw error // of the stand-in itself: the test is to fail
        this.refused.push(error.code)
      })
  }

  #house({ idleClientTimeout = 1_800_000, clientLifetime = 86_400_000 }: ProxyOptions): House {
    return {
      servers: this.servers,
      pinned: this.pinned,
      commands: this.commands,
      idleClientTimeout,
      clientLifetime,
    }
  }
}
