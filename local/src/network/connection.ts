import { Socket } from 'node:net'
import type { Way } from './direction.ts'

/** How a connection ends: with a reset (RST), which says that something broke, or as one that was closed (FIN). */
export type Cut = 'RST' | 'FIN'

/** One connection of a client through a {@link Network} to the server. */
export interface NetworkConnection {
  /** Counted from 1 on, in each network. */
  readonly id: number
  /** When the client opened it, milliseconds of wall clock. */
  readonly openedAt: number
  /** When bytes came last, either way; else {@link openedAt}. */
  readonly lastUsedAt: number
  /**
   * The port from which the server sees it, which stands after the host in its process list; undefined until it has been
   * reached.
   */
  readonly serverPort: number | undefined
  /** Whether the client has closed or lost its end. The server's may be open still: held up, or busy with a statement. */
  readonly clientGone: boolean
  /** From the client. */
  readonly bytesToServer: number
  /** From the server. */
  readonly bytesToClient: number
  /** Breaks it at once, both ways, and with it what is under way; default `'RST'`. */
  close(how?: Cut): void
}

/** Told of all bytes of one connection as they come to the network, before any delay. */
export interface Watcher {
  toServer?(chunk: Buffer): void
  toClient?(chunk: Buffer): void
}

export interface Ends {
  readonly id: number
  readonly client: Socket
  readonly to: { readonly host: string; readonly port: number }
  readonly toServer: Way
  readonly toClient: Way
}

export class Connection implements NetworkConnection {
  readonly id: number
  readonly openedAt = Date.now()
  /** Resolves when both ends are closed. */
  readonly closed: Promise<unknown>
  lastUsedAt = this.openedAt
  serverPort: number | undefined
  bytesToServer = 0
  bytesToClient = 0
  watchers: Watcher[] = []
  readonly #client: Socket
  readonly #server = new Socket({ allowHalfOpen: true })

  constructor({ id, client, to, toServer, toClient }: Ends) {
    this.id = id
    this.#client = client
    this.closed = Promise.all([client, this.#server].map(closed))
    const asked = new Lane(client, this.#server, toServer)
    const answered = new Lane(this.#server, client, toClient)
    asked.inTurn(() => this.#reach(to))
    asked.pass((chunk) => {
      this.bytesToServer += chunk.length
      this.#came('toServer', chunk)
    })
    answered.pass((chunk) => {
      this.bytesToClient += chunk.length
      this.#came('toClient', chunk)
    })
  }

  get clientGone(): boolean {
    return this.#client.readableEnded || this.#client.destroyed
  }

  /** Resolves when the client's end is closed. */
  get clientClosed(): Promise<unknown> {
    return closed(this.#client)
  }

  close(how: Cut = 'RST'): void {
    for (const socket of [this.#client, this.#server]) how === 'RST' ? reset(socket) : end(socket)
  }

  /** Resolves when it has been reached, or cannot be any more: what is let through before that would be lost in a cut. */
  #reach(to: Ends['to']): Promise<unknown> | undefined {
    const server = this.#server
    if (server.destroyed) return undefined
    return new Promise((resolve) => {
      server.once('close', resolve)
      server.connect(to, () => {
        server.setNoDelay(true)
        this.serverPort = server.localPort
        resolve(undefined)
      })
    })
  }

  #came(way: keyof Watcher, chunk: Buffer): void {
    this.lastUsedAt = Date.now()
    for (const watcher of this.watchers) watcher[way]?.(chunk)
  }
}

/**
 * How much of one connection may be under way one way, bytes; what comes beyond waits with its sender. As much as Linux
 * lets a program send before the other side has it (tcp_wmem).
 */
const MOST_UNDER_WAY = 4 * 1024 * 1024

/** What goes one way on one connection: in order, each thing at its time, until there is nobody to take it. */
class Lane {
  readonly #from: Socket
  readonly #to: Socket
  readonly #way: Way
  #sent = Promise.resolve()
  #delivered = Promise.resolve()
  #underWay = 0

  constructor(from: Socket, to: Socket, way: Way) {
    this.#from = from
    this.#to = to
    this.#way = way
  }

  pass(came: (chunk: Buffer) => void): void {
    const [from, to] = [this.#from, this.#to]
    from.on('data', (chunk) => {
      this.#way.bytes += chunk.length
      came(chunk)
      this.#bytesInTurn(chunk)
    })
    from.on('end', () => this.inTurn(() => end(to)))
    from.on('error', () => this.inTurn(() => reset(to)))
    // What has been handed on but not been taken yet is still to come.
    from.on('close', () => this.inTurn(() => to.destroySoon()))
  }

  /** After what came before it, whatever bandwidth and delay have become. */
  inTurn(act: () => unknown): void {
    this.#sent = this.#sent.then(() => this.#deliver(act))
  }

  get #taken(): boolean {
    return !this.#to.destroyed && !this.#to.writableEnded
  }

  #bytesInTurn(chunk: Buffer): void {
    const came = performance.now()
    this.#underWay += chunk.length
    if (this.#underWay > MOST_UNDER_WAY && this.#taken) this.#from.pause()
    const through = (piece: Buffer) => this.#deliver(() => this.#handOn(piece))
    this.#sent = this.#sent.then(() => this.#way.transmit(chunk, came, () => this.#taken, through))
  }

  #handOn(piece: Buffer): void {
    const gone = () => this.#gone(piece.length)
    if (this.#taken) this.#way.handOn(piece, (bytes) => this.#to.write(bytes, gone))
    else gone()
  }

  #gone(bytes: number): void {
    this.#underWay -= bytes
    if (this.#underWay <= MOST_UNDER_WAY) this.#from.resume()
  }

  #deliver(act: () => unknown): void {
    const due = performance.now() + this.#way.delay
    this.#delivered = this.#delivered.then(async () => {
      await this.#way.passable(due)
      await act()
    })
  }
}

/** A reset on top of an end that is under way fails, and Node then never finishes exiting; one of a socket that has not
 *  got through yet waits until it has. */
function reset(socket: Socket): void {
  if (socket.writableEnded || socket.connecting || socket.pending) socket.destroy()
  else socket.resetAndDestroy()
}

/** One that never got through has nobody to tell. */
function end(socket: Socket): void {
  if (socket.pending && !socket.connecting) socket.destroy()
  else socket.end()
}

function closed(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => (socket.closed ? resolve(undefined) : socket.once('close', resolve)))
}
