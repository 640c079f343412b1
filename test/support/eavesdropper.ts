import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { TLSSocket } from 'node:tls'

/** SSL, PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH: see the capability flags of the MySQL protocol. */
const [SSL, CAPABILITIES] = [0x0800, 0x0008_8200]
/** What a client sends to ask for TLS: a header and 32 bytes. What follows it is the TLS handshake. */
const SSL_REQUEST = 36

/**
 * A server in the middle: it greets like MySQL, offers TLS if it has a certificate, asks for the password in clear, and
 * keeps all that it is told. It lets nobody in.
 */
export class Eavesdropper implements AsyncDisposable {
  /** What came before TLS, and what came inside it. */
  readonly heard = { outside: '', inside: '' }
  /** Connections that were made to it. */
  callers = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(certificate: { key: string; cert: string } | undefined) {
    this.#server = createServer((socket) => {
      this.callers++
      this.#keep(socket)
      socket.write(packet(0, greeting(certificate ? CAPABILITIES | SSL : CAPABILITIES)))
      if (!certificate) return this.#listen(socket, 'outside')
      socket.once('readable', () => {
        this.heard.outside += socket.read(SSL_REQUEST)?.toString('latin1') ?? ''
        const secure = new TLSSocket(socket, { isServer: true, ...certificate })
        this.#keep(secure)
        this.#listen(secure, 'inside')
      })
    })
  }

  static async start(certificate?: { key: string; cert: string }): Promise<Eavesdropper> {
    const eavesdropper = new Eavesdropper(certificate)
    eavesdropper.#server.listen(0, '127.0.0.1')
    await once(eavesdropper.#server, 'listening')
    return eavesdropper
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket)
    socket.on('error', () => {}) // a client that does not trust us hangs up
  }

  /** Answers the first packet with the wish for another, in clear; the second with a refusal. */
  #listen(socket: Socket, place: 'outside' | 'inside'): void {
    const answers = [authSwitch(), accessDenied()]
    socket.on('data', (chunk: Buffer) => {
      this.heard[place] += chunk.toString('latin1')
      const answer = answers.shift()
      if (answer) socket.write(packet((chunk[3] as number) + 1, answer))
    })
  }
}

function packet(sequence: number, payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([payload.length, 0, 0, sequence]), payload])
}

function greeting(capabilities: number): Buffer {
  const numbers = Buffer.alloc(18) // capabilities, charset, status, capabilities, length of the scramble, filler
  numbers.writeUInt16LE(capabilities & 0xffff, 0)
  numbers.writeUInt16LE(capabilities >>> 16, 5)
  numbers[7] = 21
  return Buffer.concat([
    Buffer.from('\x0a8.0.0-eavesdropper\0'),
    Buffer.from([1, 0, 0, 0]), // thread id
    Buffer.from('scramble\0'),
    numbers,
    Buffer.from('and the rest\0mysql_native_password\0'),
  ])
}

function authSwitch(): Buffer {
  return Buffer.from('\xfemysql_clear_password\0\0', 'latin1')
}

function accessDenied(): Buffer {
  return Buffer.concat([Buffer.from([0xff]), Buffer.from([0x15, 0x04]), Buffer.from('#28000Access denied')])
}
