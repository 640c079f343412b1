import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { commandOf, isSslRequest, PacketReader, type SentCommand } from './packets.ts'

/** One way through a {@link TcpProxy}, of all its connections together. */
export class Way {
  bytes = 0
  /** MySQL packets since the start. Under TLS they cannot be told apart, and none are counted. */
  packets = 0
  /** Milliseconds that everything takes on this way. */
  delay = 0
  #held: PromiseWithResolvers<void> | undefined

  /** Lets nothing through any more, not even the end of a connection: the other side just hears nothing. */
  hold(): void {
    this.#held ??= Promise.withResolvers()
  }

  /** Lets through what was held, and what comes. */
  letGo(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  /** @param since when it came, milliseconds of wall clock */
  async passable(since: number): Promise<void> {
    const rest = since + this.delay - Date.now()
    if (rest > 0) await sleep(rest)
    await this.#held?.promise
  }
}

/**
 * A way to a server that can be watched, held up, slowed down and cut.
 *
 * ```ts
 * await using proxy = await TcpProxy.to(database)
 * const pool = createPool({ connection: proxy.url(database.url) })
 * ```
 */
export class TcpProxy implements AsyncDisposable {
  readonly toServer = new Way()
  readonly toClient = new Way()
  /** What clients have sent, in order, without TLS and after the handshake. */
  readonly commands: SentCommand[] = []
  /** Connections of clients that are open now. */
  connections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #to: { host: string; port: number }

  private constructor({ host, port }: { host: string; port: number }) {
    this.#to = { host, port }
    // What ends one way may still have something to say the other way.
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => this.#accept(client))
  }

  static async to(target: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(target)
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port
  }

  /** The server's URL, by way of this proxy. */
  url(direct: string): string {
    const url = new URL(direct)
    url.hostname = '127.0.0.1'
    url.port = String(this.port)
    return url.href
  }

  /** Breaks all connections at once, both ways (RST). New ones are let in. */
  cut(): void {
    for (const socket of this.#sockets) reset(socket)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #accept(client: Socket): void {
    this.connections++
    client.once('close', () => this.connections--)
    const server = connect({ ...this.#to, allowHalfOpen: true, noDelay: true })
    const [asked, answered] = [new PacketReader(), new PacketReader()]
    client.on('data', (chunk) => {
      for (const packet of asked.read(chunk)) {
        this.toServer.packets++
        const command = commandOf(packet)
        if (command) this.commands.push(command)
        if (isSslRequest(packet)) for (const reader of [asked, answered]) reader.stop()
      }
    })
    server.on('data', (chunk) => {
      for (const _ of answered.read(chunk)) this.toClient.packets++
    })
    this.#pass(client, server, this.toServer)
    this.#pass(server, client, this.toClient)
  }

  /** In order, each thing at its time. */
  #pass(from: Socket, to: Socket, way: Way): void {
    let last = Promise.resolve()
    const inTurn = (act: () => void) => {
      const came = Date.now()
      last = last.then(() => way.passable(came)).then(act)
    }
    this.#sockets.add(from)
    from.on('data', (chunk) => {
      way.bytes += chunk.length
      inTurn(() => to.writable && to.write(chunk))
    })
    from.on('end', () => inTurn(() => to.end()))
    from.on('error', () => inTurn(() => reset(to)))
    from.on('close', () => {
      this.#sockets.delete(from)
      inTurn(() => to.destroy())
    })
  }
}

/** A reset on top of an end that is under way fails, and Node then never finishes exiting. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy()
  else socket.resetAndDestroy()
}
