import { createServer, type Socket } from 'node:net'

/** Listens on a port and does something with whoever comes. */
export class Listener implements AsyncDisposable {
  /** How many have come, and the most that were there at once. */
  readonly callers = { ever: 0, atOnce: 0 }
  readonly #sockets = new Set<Socket>()
  readonly #server = createServer((socket) => this.#letIn(socket))
  readonly #act: (socket: Socket) => void

  private constructor(act: (socket: Socket) => void) {
    this.#act = act
  }

  /** @param place default any port of 127.0.0.1 */
  static async start(
    act: (socket: Socket) => void,
    place: { host: string; port: number } = { host: '127.0.0.1', port: 0 },
  ): Promise<Listener> {
    const listener = new Listener(act)
    await new Promise<void>((listening) => listener.#server.listen(place, listening))
    return listener
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((closed) => this.#server.close(closed))
  }

  #letIn(socket: Socket): void {
    this.#sockets.add(socket)
    this.callers.ever++
    this.callers.atOnce = Math.max(this.callers.atOnce, this.#sockets.size)
    socket.on('error', () => {}).once('close', () => this.#sockets.delete(socket))
    this.#act(socket)
  }
}
