import { commandOf, type Packet } from '../packets.ts'
import type { Admitted } from './door.ts'
import { changesTrackedState, type Reason, reasonToPin } from './pinning.ts'
import { type ServerConnection, ServerGone } from './server-connection.ts'
import type { Borrower, ServerPool } from './server-pool.ts'
import type { TrackedState } from './tracked-state.ts'
import { errorPacket, framed, okPacket, SqlError } from './wire.ts'

/** A client that was pinned, and by what. */
export interface Pinned {
  /** Its connection's number. */
  readonly client: number
  readonly reason: Reason
  /** The statement, without values of a prepared one. */
  readonly sql: string
}

/** What all clients of a stand-in have in common. */
export interface House {
  readonly servers: ServerPool
  readonly pinned: Pinned[]
  /** How often each command came, by its name; `KILL` is the statement. */
  readonly commands: Record<string, number>
  /** Milliseconds between the end of one request and the next. */
  readonly idleClientTimeout: number
  /** Milliseconds after which a client is closed as soon as it does nothing. */
  readonly clientLifetime: number
}

const UNANSWERED = new Set(['CLOSE', 'command 24']) // of prepared statements, and their long data
const FORWARDED = new Set(['QUERY', 'PREPARE', 'EXECUTE', 'command 2', 'command 26'])
const KILL = /^\s*kill\b/i
const MOST_SHOWN = 200

/** One client's session, from its login to its end. */
export class Client implements Borrower {
  readonly login: Admitted['login']
  state: TrackedState | undefined
  readonly #id: number
  readonly #admitted: Admitted
  readonly #house: House
  readonly #born = Date.now()
  #server: ServerConnection | undefined
  #pinned = false
  #stateMayDiffer = false

  constructor(id: number, admitted: Admitted, house: House) {
    this.#id = id
    this.#admitted = admitted
    this.#house = house
    this.login = admitted.login
  }

  /** Resolves when the client is gone and has left nothing behind. @throws SqlError that refused its login */
  async serve(borrowAtLogin: boolean): Promise<void> {
    const { sequence, stream } = this.#admitted
    try {
      if (borrowAtLogin) await this.#borrowForLogin(sequence)
      this.#write(framed(sequence, okPacket()))
      await this.#carryOutAll()
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error
    } finally {
      stream.destroySoon()
      await this.#leave()
    }
  }

  async #borrowForLogin(sequence: number): Promise<void> {
    try {
      this.#house.servers.release(await this.#house.servers.borrow(this))
    } catch (error) {
      if (error instanceof SqlError) this.#write(framed(sequence, errorPacket(error)))
      throw error
    }
  }

  async #carryOutAll(): Promise<void> {
    for (;;) {
      const packet = await this.#nextInTime()
      const command = packet && commandOf(packet)
      if (!command || command.name === 'QUIT') return
      const name = KILL.test(command.text) ? 'KILL' : command.name
      this.#house.commands[name] = (this.#house.commands[name] ?? 0) + 1
      await this.#carryOut(name, command.text, packet.payload)
    }
  }

  /** Nothing when the client has closed, or has done nothing for too long, or is too old. */
  async #nextInTime(): Promise<Packet | undefined> {
    const { idleClientTimeout, clientLifetime } = this.#house
    const old = this.#server?.inTransaction
      ? Number.POSITIVE_INFINITY
      : this.#born + clientLifetime - Date.now()
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const timeUp = () => setImmediate(resolve, undefined) // what has come by now is read first
    const timer = setTimeout(timeUp, Math.min(idleClientTimeout, Math.max(old, 0)))
    const packet = await Promise.race([this.#admitted.inbox.next(), promise])
    clearTimeout(timer)
    return packet
  }

  async #carryOut(name: string, text: string, payload: Buffer): Promise<void> {
    if (UNANSWERED.has(name)) return this.#server?.send(payload)
    if (name === 'PING') return this.#write(framed(1, okPacket()))
    if (name === 'KILL') return this.#fail(new SqlError(1095, 'You are not owner of the thread'))
    if (!FORWARDED.has(name)) return this.#fail(new SqlError(1047, 'Unknown command', '08S01'))
    const command = { name: name === 'command 2' ? 'INIT_DB' : name, text }
    this.#pinFor(reasonToPin({ ...command, bytes: payload.length - 1 }), text)
    try {
      this.#server ??= await this.#house.servers.borrow(this)
    } catch (error) {
      if (error instanceof SqlError) return this.#fail(error)
      throw error
    }
    await this.#server.exchange(name, payload, ({ sequence, payload: part }) => {
      this.#write(framed(sequence, part))
    })
    this.#stateMayDiffer ||= changesTrackedState(command)
    if (!this.#pinned && !this.#server.inTransaction) await this.#giveBack(this.#server)
  }

  #pinFor(reason: Reason | undefined, sql: string): void {
    if (!reason || this.#pinned) return
    this.#pinned = true
    this.#house.pinned.push({ client: this.#id, reason, sql: sql.slice(0, MOST_SHOWN) })
  }

  async #giveBack(server: ServerConnection): Promise<void> {
    if (this.#stateMayDiffer) this.state = await server.readState()
    this.#stateMayDiffer = false
    this.#server = undefined
    this.#house.servers.release(server)
  }

  /** A transaction is rolled back; what pinned it goes with its server connection. */
  async #leave(): Promise<void> {
    const server = this.#server
    if (!server) return
    if (this.#pinned) return this.#house.servers.discard(server)
    try {
      await server.rollBack()
      await this.#giveBack(server)
    } catch (error) {
      if (!(error instanceof ServerGone)) throw error
    }
  }

  #fail(error: SqlError): void {
    this.#write(framed(1, errorPacket(error)))
  }

  #write(bytes: Buffer): void {
    const { stream } = this.#admitted
    if (stream.writable) stream.write(bytes)
  }
}
