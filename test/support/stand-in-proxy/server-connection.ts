import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Database } from '../database.ts'
import type { Packet } from '../packets.ts'
import { type Answer, AnswerReader } from './answer.ts'
import { atServer } from './capabilities.ts'
import { type Login, scrambleOf } from './greeting.ts'
import { ASK_STATE, settingsBetween, stateOf, type TrackedState } from './tracked-state.ts'
import { framed, Inbox, lengthEncoded, SqlError } from './wire.ts'

type Server = Pick<Database, 'host' | 'port' | 'user' | 'password'>

const [QUIT, INIT_DB, QUERY] = [1, 2, 3]
const IN_TRANSACTION = 0x0001

/** The server has closed the connection. */
export class ServerGone extends Error {}

/** What the server says first, to whomever. */
export async function greetingOf({ host, port }: Server): Promise<Buffer> {
  const socket = connect(port, host)
  socket.on('error', () => {})
  const greeting = await new Inbox(socket).next()
  socket.destroy()
  if (!greeting) throw new ServerGone('The server gave no greeting.')
  return greeting.payload
}

/** What clients have to have in common to use the same server connections, as no statement changes it. */
export function kindOf({ shape }: Login): string {
  return shape.toString('hex')
}

/** One connection to the real server, with a login of the stand-in's own that asks for the same as the client's. */
export class ServerConnection {
  readonly kind: string
  /** Resolves when the server has closed it, too. */
  readonly closed: Promise<unknown>
  /** As it is now. */
  state: TrackedState = {}
  /** As it was when it was new. */
  fresh: TrackedState = {}
  inTransaction = false
  readonly #socket: Socket
  readonly #inbox: Inbox

  private constructor(socket: Socket, login: Login) {
    this.kind = kindOf(login)
    this.#socket = socket
    this.#inbox = new Inbox(socket)
    this.closed = once(socket, 'close')
    socket.on('error', () => {}) // told by its close
    socket.setNoDelay(true)
  }

  /** @throws SqlError in the server's words */
  static async open(server: Server, login: Login): Promise<ServerConnection> {
    const connection = new ServerConnection(connect(server.port, server.host), login)
    try {
      await connection.#logIn(server, login)
      connection.fresh = await connection.readState()
      return connection
    } catch (error) {
      connection.#socket.destroy()
      throw error
    }
  }

  /** @param each gets every packet of the answer @throws ServerGone */
  async exchange(command: string, payload: Buffer, each: (packet: Packet) => void): Promise<Answer> {
    if (!this.#socket.writable) throw new ServerGone('The connection to the server is being closed.')
    this.#socket.write(framed(0, payload))
    const reader = new AnswerReader(command)
    for (;;) {
      const packet = await this.#receive()
      each(packet)
      const answer = reader.read(packet.payload)
      if (!answer) continue
      await this.#noteTransaction(answer)
      return answer
    }
  }

  /** For what is not answered. */
  send(payload: Buffer): void {
    if (this.#socket.writable) this.#socket.write(framed(0, payload))
  }

  /** Puts the tracked state right for the next client. */
  async assume(wanted: TrackedState): Promise<void> {
    const settings = settingsBetween(this.state, wanted)
    if (settings) await this.#ask(QUERY, settings)
    this.state = { ...wanted, database: this.state.database ?? null }
    if (this.state.database !== wanted.database) await this.#ask(INIT_DB, String(wanted.database))
    this.state = wanted
  }

  async readState(): Promise<TrackedState> {
    this.state = stateOf(await this.#ask(QUERY, ASK_STATE))
    return this.state
  }

  async rollBack(): Promise<void> {
    if (this.inTransaction) await this.#ask(QUERY, 'ROLLBACK')
  }

  quit(): void {
    if (this.#socket.writable) this.#socket.end(framed(0, Buffer.from([QUIT])))
  }

  async #logIn(server: Server, login: Login): Promise<void> {
    const { payload: greeting } = await this.#receive()
    if (greeting[0] === 0xff) throw SqlError.of(greeting)
    this.#socket.write(framed(1, loginPacket(server, login, scrambleOf(greeting))))
    const { payload } = await this.#receive()
    if (payload[0] === 0xff) throw SqlError.of(payload)
    if (payload[0] !== 0)
      throw new Error('The stand-in logs in with mysql_native_password only, as MariaDB has it by default.')
  }

  /** The first column of the last row, as ASCII. */
  async #ask(command: number, text: string): Promise<string> {
    let row = Buffer.alloc(0)
    const payload = Buffer.concat([Buffer.from([command]), Buffer.from(text)])
    const { error } = await this.exchange('QUERY', payload, (packet) => {
      if (packet.payload[0] !== 0xfe) row = Buffer.from(packet.payload)
    })
    if (error) throw error
    if (row[0] === 0) return ''
    const [length, start] = lengthEncoded(row, 0)
    return row.toString('latin1', start, start + length)
  }

  /** An error may have ended the transaction, and does not say so: that is asked. */
  async #noteTransaction({ status, error }: Answer): Promise<void> {
    if (status !== undefined) this.inTransaction = (status & IN_TRANSACTION) !== 0
    if (error && this.inTransaction) await this.#ask(QUERY, 'DO 0')
  }

  async #receive(): Promise<Packet> {
    const packet = await this.#inbox.next()
    if (!packet) throw new ServerGone('The server has closed the connection.')
    return packet
  }
}

function loginPacket({ user, password }: Server, { shape, flags }: Login, scramble: Buffer): Buffer {
  const own = Buffer.from(shape)
  own.writeUInt32LE(atServer(flags), 0)
  const proof = nativePassword(password, scramble)
  const plugin = Buffer.from('mysql_native_password\0')
  return Buffer.concat([own, Buffer.from(`${user}\0`), Buffer.from([proof.length]), proof, plugin])
}

function nativePassword(password: string, scramble: Buffer): Buffer {
  if (password === '') return Buffer.alloc(0)
  const once = sha1(Buffer.from(password))
  const mask = sha1(Buffer.concat([scramble, sha1(once)]))
  return once.map((byte, at) => byte ^ Number(mask[at])) as Buffer
}

function sha1(bytes: Buffer): Buffer {
  return createHash('sha1').update(bytes).digest()
}
