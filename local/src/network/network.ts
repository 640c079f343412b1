import type { Socket } from 'node:net'
import { Connection, type Cut, type NetworkConnection, type Watcher } from './connection.ts'
import { type Direction, milliseconds, Way } from './direction.ts'
import { Door } from './door.ts'

export type { Cut, NetworkConnection, Watcher } from './connection.ts'
export type { Direction } from './direction.ts'

/**
 * The network between a container and a server: a TCP proxy on a port of 127.0.0.1 that can be watched, slowed down, held
 * up and cut. What toxiproxy calls latency is `delay` here, bandwidth `bandwidth`, timeout {@link blackhole}, limit_data
 * {@link cutAfter}, reset_peer {@link cut} and down {@link refuse}.
 *
 * A client whose server cannot be reached is let in and then reset; only {@link refuse} gives it ECONNREFUSED. Of each
 * connection 4 MiB may be under way or held up each way, whatever holds it up; as long as it is more, the sender gets no
 * more rid of, and how its end closes is not seen.
 *
 * @example
 * await using network = await Network.to(database)
 * const pool = createPool({ connection: network.url(database.url) })
 * network.toClient.delay = 20 // milliseconds
 * network.cut('RST')
 */
export class Network implements AsyncDisposable {
  readonly #toServer = new Way()
  readonly #toClient = new Way()
  readonly #to: { host: string; port: number }
  readonly #connections = new Set<Connection>()
  readonly #watches: ((connection: NetworkConnection) => Watcher)[] = []
  #door!: Door
  #opened = 0
  #late: NodeJS.Timeout | undefined
  #disposed = false

  /** Use {@link to}. */
  protected constructor({ host, port }: { host: string; port: number }) {
    this.#to = { host, port }
  }

  /**
   * @param server such as a `Database` of `startDatabase`
   * @throws Error when no port of 127.0.0.1 can be listened on
   */
  static async to(server: { host: string; port: number }): Promise<Network> {
    return new Network(server).listen()
  }

  protected async listen(): Promise<this> {
    this.#door = await Door.open((client) => this.#letIn(client))
    return this
  }

  /** What clients send. */
  get toServer(): Direction {
    return this.#toServer
  }

  /** What the server sends. */
  get toClient(): Direction {
    return this.#toClient
  }

  /** Of 127.0.0.1, where clients connect to. It stays the same. */
  get port(): number {
    return this.#door.port
  }

  /** Those of which an end is still open, oldest first; one whose client is gone stays until the server has closed it too. */
  get connections(): readonly NetworkConnection[] {
    return [...this.#connections]
  }

  /** How many were ever let in. */
  get opened(): number {
    return this.#opened
  }

  /** The server's URL, `direct`, by way of this network. */
  url(direct: string): string {
    const url = new URL(direct)
    url.hostname = '127.0.0.1'
    url.port = String(this.port)
    return url.href
  }

  /** Tells the watcher that `by` makes of each connection opened from now on what passes there. */
  watch(by: (connection: NetworkConnection) => Watcher): void {
    this.#watches.push(by)
  }

  /** Breaks all connections at once, both ways, and with them what is under way. New ones are let in. */
  cut(how: Cut = 'RST'): void {
    for (const connection of this.#connections) connection.close(how)
  }

  /**
   * Lets `bytes` more through on one way, exactly, all connections together, and then breaks all, both ways. What is held
   * up of a connection that has ended meanwhile gets nowhere, and does not count.
   *
   * @returns resolves when their clients' ends are closed; after {@link callOff} never
   * @throws RangeError unless `bytes` is a number from 0 on; of 0, the first byte that comes is the one that does not get
   * through
   * @throws Error when one is pending on this way already
   */
  async cutAfter(bytes: number, way: 'toServer' | 'toClient', how: Cut = 'RST'): Promise<void> {
    const cut = Promise.withResolvers<Promise<unknown>[]>()
    const direction = way === 'toServer' ? this.#toServer : this.#toClient
    direction.cutAfter(bytes, () => {
      cut.resolve([...this.#connections].map(({ clientClosed }) => clientClosed))
      this.cut(how)
    })
    await Promise.all(await cut.promise)
  }

  /** Takes back a {@link cutAfter} that has not come to its last byte. @returns whether there was one */
  callOff(): boolean {
    return this.#ways.filter((way) => way.callOff()).length > 0
  }

  /**
   * From now on nothing gets through, either way, and nobody is told, as when a route or a firewall drops packets: also
   * no end of a connection, and no new one comes to the server. (On a real network a new one would wait in connect();
   * here this machine's kernel accepts it, and it waits for the server's first words.)
   */
  blackhole(): void {
    for (const way of this.#ways) way.shut('blackhole')
  }

  /**
   * Ends {@link blackhole}. What was held is delivered, in order and at once: TCP keeps what was not acknowledged and sends
   * it again (it gives up after minutes: Linux after about 15, tcp_retries2), so that a hole loses time, not bytes. TCP's
   * next try may come later than the healing, by up to as long as the hole lasted; for that, heal later.
   */
  heal(): void {
    for (const way of this.#ways) way.open('blackhole')
  }

  /** From now on new connections get ECONNREFUSED. Those that are open stay open. */
  async refuse(): Promise<void> {
    this.#door.shut()
  }

  /**
   * Ends {@link refuse}, on the same port.
   *
   * @throws Error when another program listens on it by now
   */
  async accept(): Promise<void> {
    if (!this.#disposed) await this.#door.open()
  }

  /**
   * The network's half of a freeze: from now on what the server sends, FIN and RST included, is held back, as from a
   * microVM that is paused: nobody there takes it or acknowledges it. The process is not touched; freeze it first
   * (`Container.freeze`), or it will notice.
   */
  freeze(): void {
    clearTimeout(this.#late)
    this.#toClient.shut('freeze')
  }

  /**
   * Ends {@link freeze}. What was held back is delivered, in order, after `lateBy` milliseconds (default 0); what the
   * server sends meanwhile waits behind it. A stopped process on this machine finds the server's FIN waiting when it goes
   * on, as its kernel was never stopped; in a paused microVM the FIN comes when the server's kernel sends it again, after
   * the invocation. Up to 50 is a good range to try.
   *
   * @throws RangeError unless `lateBy` is a number from 0 to 2147483647, which is as long as a timer runs
   */
  thaw(lateBy = 0): void {
    milliseconds('lateBy', lateBy)
    clearTimeout(this.#late)
    if (lateBy === 0) this.#toClient.open('freeze')
    else this.#late = setTimeout(() => this.#toClient.open('freeze'), lateBy)
  }

  /** Breaks all connections and lets nobody in any more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    clearTimeout(this.#late)
    this.#door.shut()
    const closed = [...this.#connections].map((connection) => connection.closed)
    this.cut()
    await Promise.all(closed)
  }

  get #ways(): readonly Way[] {
    return [this.#toServer, this.#toClient]
  }

  #letIn(client: Socket): void {
    const ways = { toServer: this.#toServer, toClient: this.#toClient }
    const connection = new Connection({ id: ++this.#opened, client, to: this.#to, ...ways })
    this.#connections.add(connection)
    void connection.closed.then(() => this.#connections.delete(connection))
    connection.watchers = this.#watches.map((by) => by(connection))
  }
}
