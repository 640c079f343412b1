import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'

export interface Place {
  readonly host: string
  readonly port: number
}

/** One name for servers that take turns: who connects comes to the one that it leads to at that time. */
export class Gate implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly #server: Server
  readonly #clients = new Set<Socket>()
  #to: Place

  private constructor(to: Place) {
    this.#to = to
    this.#server = createServer({ noDelay: true }, (client) => this.#lead(client))
  }

  static async to(place: Place): Promise<Gate> {
    const gate = new Gate(place)
    gate.#server.listen(0, gate.host)
    await once(gate.#server, 'listening')
    return gate
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** From now on; who is connected stays where he is. */
  leadTo(place: Place): void {
    this.#to = place
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) client.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #lead(client: Socket): void {
    const server = connect(this.#to).setNoDelay()
    this.#clients.add(client)
    server.on('error', () => {}).on('close', () => client.destroy()) // not by a reset: Node loses a handle that is ending already
    client.on('error', () => {}).on('close', () => server.destroy())
    client.on('close', () => this.#clients.delete(client))
    client.pipe(server).pipe(client)
  }
}
