import { connect, createServer, type Server, type Socket } from 'node:net'
import { expect } from 'vitest'

/** One end of a TCP connection, and what came to it. */
export class End {
  received = ''
  /** `FIN`, or the code of the error; undefined while it is open. */
  over: string | undefined
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      this.received += chunk
    })
    socket.on('end', () => {
      this.over ??= 'FIN'
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      this.over = code
    })
  }

  send(text: string): void {
    this.socket.write(text)
  }

  async hears(text: string): Promise<void> {
    await expect.poll(() => this.received, { interval: 1, timeout: 5000 }).toBe(text)
  }

  async ends(how: 'FIN' | 'ECONNRESET'): Promise<void> {
    await expect.poll(() => this.over, { interval: 1, timeout: 5000 }).toBe(how)
  }
}

/** Connects, and gives the error when it is refused. */
export function dial(port: number): Promise<End> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const end = new End(socket)
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve(end))
    socket.once('error', reject)
  })
}

/** A server that says nothing by itself. */
export class SilentServer implements AsyncDisposable {
  readonly host = '127.0.0.1'
  /** In the order in which they came. */
  readonly ends: End[] = []
  readonly #server: Server

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true }, (socket) => this.ends.push(new End(socket)))
  }

  static async start(): Promise<SilentServer> {
    const server = new SilentServer()
    await new Promise<void>((resolve) => server.#server.listen(0, server.host, resolve))
    return server
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** The end of the connection that comes as the `count`th. */
  async end(count: number): Promise<End> {
    await expect.poll(() => this.ends.length, { interval: 1, timeout: 5000 }).toBeGreaterThanOrEqual(count)
    return this.ends[count - 1] as End
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { socket } of this.ends) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
