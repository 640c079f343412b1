import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { commandOf, isSslRequest, PacketReader, type SentCommand } from './packets.ts'

/** How a connection ends: with a reset, which overtakes nothing but says nothing either, or as one that was closed. */
export type Cut = 'RST' | 'FIN'

/** One way through a {@link TcpProxy}, of all its connections together. */
export class Way {
  bytes = 0
  /** MySQL packets since the start. Under TLS they cannot be told apart, and none are counted. */
  packets = 0
  /** Milliseconds that everything takes on this way. */
  delay = 0
  #held: PromiseWithResolvers<void> | undefined
  #cut: { left: number; now: () => void } | undefined

  /** Lets nothing through any more, not even the end of a connection: the other side just hears nothing. */
  hold(): void {
    this.#held ??= Promise.withResolvers()
  }

  /** Lets through what was held, and what comes. */
  letGo(): void {
    this.#held?.resolve()
    this.#held = undefined
  }

  /** Lets `bytes` more through, and then `now` cuts. Of 0, the first that comes is the one that does not get through. */
  cutAfter(bytes: number, now: () => void): void {
    this.#cut = { left: bytes, now }
  }

  /** @returns whether there was a cut to come */
  callOff(): boolean {
    const pending = this.#cut !== undefined
    this.#cut = undefined
    return pending
  }

  /** Hands on what may get through of what came. */
  handOn(chunk: Buffer, to: Socket): void {
    const cut = this.#cut
    if (to.writable && cut?.left !== 0) to.write(cut ? chunk.subarray(0, cut.left) : chunk)
    if (!cut) return
    cut.left = Math.max(0, cut.left - chunk.length)
    if (cut.left > 0) return
    this.#cut = undefined
    cut.now()
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
  /** The most that were open at once, those not counted that their client had closed before it opened the next. */
  mostConnections = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #clients = new Set<Socket>()
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

  /** Connections of clients that are open now. */
  get connections(): number {
    return this.#clients.size
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

  /** Breaks all connections at once, both ways. New ones are let in. */
  cut(how: Cut = 'RST'): void {
    for (const socket of this.#sockets) how === 'RST' ? reset(socket) : socket.end()
  }

  /**
   * Lets `bytes` more through on one way, exactly, and then breaks all connections, both ways.
   *
   * @returns resolves when they are closed; after {@link callOff} never
   */
  async cutAfter(bytes: number, way: 'toServer' | 'toClient', how: Cut): Promise<void> {
    const cut = Promise.withResolvers<Promise<unknown>[]>()
    this[way].cutAfter(bytes, () => {
      cut.resolve([...this.#clients].map(closed))
      this.cut(how)
    })
    await Promise.all(await cut.promise)
  }

  /** Takes back a {@link cutAfter} that has not come to its last byte. @returns whether there was one */
  callOff(): boolean {
    return [this.toServer, this.toClient].filter((way) => way.callOff()).length > 0
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cut()
    await closed
  }

  #accept(client: Socket): void {
    this.#clients.add(client)
    client.once('close', () => this.#clients.delete(client))
    void this.#countOpen()
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

  /** Two turns of the event loop later, when the end of whatever was closed before has been heard of. */
  async #countOpen(): Promise<void> {
    await turn()
    await turn()
    const open = [...this.#clients].filter((client) => !client.readableEnded && !client.destroyed)
    this.mostConnections = Math.max(this.mostConnections, open.length)
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
      inTurn(() => way.handOn(chunk, to))
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

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve))
}
