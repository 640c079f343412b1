import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { FunctionDatabase } from '../../local/src/function/options.ts'

/**
 * A way to the server on which connections can fall silent: neither end hears of the other again, or that anything has
 * ended, as when a firewall has forgotten them. New connections get through.
 */
export class FallingSilent implements FunctionDatabase, AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly url: string
  readonly #database: FunctionDatabase
  readonly #door: Server
  readonly #sockets = new Set<Socket>()

  private constructor(database: FunctionDatabase, door: Server) {
    this.#database = database
    this.#door = door
    const url = new URL(database.url)
    url.hostname = this.host
    url.port = String(this.port)
    this.url = url.href
    door.on('connection', (client) => this.#letIn(client))
  }

  static async to(database: FunctionDatabase): Promise<FallingSilent> {
    const door = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
    await once(door, 'listening')
    return new FallingSilent(database, door)
  }

  get port(): number {
    return (this.#door.address() as AddressInfo).port
  }

  connections(): ReturnType<FunctionDatabase['connections']> {
    return this.#database.connections()
  }

  /** Those that are open now say nothing any more. */
  silence(): void {
    for (const socket of this.#sockets) socket.unpipe().removeAllListeners('data').pause()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#door, 'close')
    this.#door.close()
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #letIn(client: Socket): void {
    const { host, port } = this.#database
    const server = connect({ host, port, noDelay: true, allowHalfOpen: true })
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => from.destroy())
      from.on('close', () => this.#sockets.delete(from))
      from.pipe(to)
    }
  }
}
