import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createConnection } from 'mysql2'

/** What the server says to a statement; `'idle for too long'` was on its way when the statement came. */
export type Answer = 'ok' | 'ok, in a transaction' | 'idle for too long' | { code: number; message: string }

/** What MySQL says from 8.0.24 on before it closes a connection. It answers no statement, so its packet has the number 0. */
const IDLE_FOR_TOO_LONG = {
  code: 4031,
  message: 'The client was disconnected by the server because of inactivity. See wait_timeout.',
}

/** COM_RESET_CONNECTION, which mysql2's server side does not know. */
const RESET = 0x1f

/** The part of mysql2's server side of a connection that a script uses. */
interface ServerSide {
  /** Of the next packet; mysql2 leaves it to the script. */
  sequenceId: number
  on(event: 'query' | 'stmt_prepare' | 'error', heard: (sql: string) => void): void
  on(event: 'packet', heard: (packet: object, known: boolean, code: number) => void): void
  serverHandshake(greeting: object): void
  writeOk(ok?: { serverStatus: number }): void
  writeError(error: { code: number; message: string }): void
}

/** A server of a few words, for what a real one says only when it is in trouble. It closes only what was idle for too long. */
export class ScriptedServer implements AsyncDisposable {
  /** Every statement that has reached it. */
  readonly heard: string[] = []
  /** Connections that came since the start. */
  opened = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Tells each connection that it was idle for too long. */
  readonly #disconnects: (() => void)[] = []

  private constructor(answer: (sql: string) => Answer) {
    this.#server = createServer((socket) => this.#accept(socket, answer))
  }

  static async start(answer: (sql: string) => Answer): Promise<ScriptedServer> {
    const server = new ScriptedServer(answer)
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve))
    return server
  }

  /** Says so to all connections, and closes them. */
  disconnectIdle(): void {
    for (const disconnect of this.#disconnects.splice(0)) disconnect()
  }

  get url(): string {
    return `mysql://root@127.0.0.1:${(this.#server.address() as AddressInfo).port}/test`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #accept(socket: Socket, answer: (sql: string) => Answer): void {
    this.opened++
    this.#sockets.add(socket)
    const side = createConnection({ stream: socket, isServer: true } as object) as unknown as ServerSide
    side.on('error', () => {})
    const disconnect = () => {
      side.sequenceId = 0
      side.writeError(IDLE_FOR_TOO_LONG)
      socket.end()
    }
    this.#disconnects.push(disconnect)
    const hear = (sql: string) => {
      this.heard.push(sql)
      const said = answer(sql)
      if (said === 'ok') side.writeOk()
      else if (said === 'idle for too long') disconnect()
      else if (said === 'ok, in a transaction') side.writeOk({ serverStatus: 0x0003 })
      else side.writeError(said)
      side.sequenceId = 0
    }
    side.on('query', hear)
    side.on('stmt_prepare', hear) // what mysql2's server side makes of SET
    side.on('packet', (_, __, code) => code === RESET && hear('reset()'))
    side.serverHandshake({
      protocolVersion: 10,
      serverVersion: '8.0.40',
      connectionId: this.#sockets.size,
      statusFlags: 2,
      characterSet: 45,
      capabilityFlags: 0xff_f7_ff, // all but TLS
      authCallback: (_login: object, letIn: (refusal: null) => void) => {
        letIn(null)
        side.sequenceId = 0
      },
    })
  }
}
