import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type SecureContext, TLSSocket } from 'node:tls'
import type { Accounts } from './accounts.ts'
import { greetingAs, isWishForTls, type Login, readLogin } from './greeting.ts'
import { errorPacket, framed, Inbox, SqlError } from './wire.ts'

/** A client that has shown who it is. */
export interface Admitted {
  readonly login: Login
  readonly stream: TLSSocket
  readonly inbox: Inbox
  /** Of the answer that lets it in. */
  readonly sequence: number
}

const AUTH_SWITCH = Buffer.from('\xfemysql_clear_password\0', 'latin1')

/**
 * Lets nobody in without TLS, and asks for the password in clear inside it.
 *
 * @returns nothing when the client hung up, as one does that does not trust the certificate
 * @throws SqlError 3159 or 1045, which the client has been told already
 */
export async function admit(
  socket: Socket,
  connectionId: number,
  { greeting, context, accounts }: { greeting: Buffer; context: SecureContext; accounts: Accounts },
): Promise<Admitted | undefined> {
  socket.write(framed(0, greetingAs(greeting, connectionId)))
  const first = await firstPacket(socket)
  if (!first) return undefined
  if (!isWishForTls(first.subarray(4)))
    throw refuse(socket, 2, new SqlError(3159, 'This RDS Proxy requires TLS connections.'))
  const stream = new TLSSocket(socket, { isServer: true, secureContext: context })
  stream.on('error', () => {})
  const inbox = new Inbox(stream)
  const asked = await inbox.next()
  if (!asked) return undefined
  const login = readLogin(asked.payload)
  stream.write(framed(asked.sequence + 1, AUTH_SWITCH))
  const answer = await inbox.next()
  if (!answer) return undefined
  const sequence = answer.sequence + 1
  if (accounts.lets(login.user, answer.payload.toString().replace(/\0$/, '')))
    return { login, stream, inbox, sequence }
  const using = answer.payload.length > 1 ? 'YES' : 'NO'
  const words = `Access denied for user '${login.user}'@'%' (using password: ${using})`
  throw refuse(stream, sequence, new SqlError(1045, words, '28000'))
}

export function refuse(socket: Socket, sequence: number, error: SqlError): SqlError {
  socket.end(framed(sequence, errorPacket(error)))
  return error
}

/** No byte more than that packet: what follows may be the TLS handshake. */
async function firstPacket(socket: Socket): Promise<Buffer | undefined> {
  const header = await exactly(socket, 4)
  const payload = header && (await exactly(socket, header.readUIntLE(0, 3)))
  return header && payload && Buffer.concat([header, payload])
}

async function exactly(socket: Socket, bytes: number): Promise<Buffer | undefined> {
  for (;;) {
    const read: Buffer | null = socket.read(bytes)
    if (read?.length === bytes) return read
    if (read || socket.destroyed || socket.readableEnded) return undefined
    await Promise.race(['readable', 'close', 'end'].map((event) => once(socket, event).catch(() => {})))
  }
}
