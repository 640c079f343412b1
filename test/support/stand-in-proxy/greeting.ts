import {
  AUTH_LENGTH_ENCODED,
  CONNECT_WITH_DB,
  SECURE_CONNECTION,
  SSL,
  withoutExtras,
} from './capabilities.ts'
import { lengthEncoded } from './wire.ts'

/** What a client says of itself before it is let in. */
export interface Login {
  readonly user: string
  readonly database: string | undefined
  readonly flags: number
  /** Flags, packet size, character set and MariaDB's own flags: what shapes a session's answers from the start. */
  readonly shape: Buffer
}

/** Bytes of a login, or of the wish for TLS, before the user's name. */
const SHAPE = 32

/** A server's greeting as the stand-in gives it to a client: its own number, its own capabilities, TLS. */
export function greetingAs(greeting: Buffer, connectionId: number): Buffer {
  const own = Buffer.from(greeting)
  const afterVersion = own.indexOf(0, 1) + 1
  own.writeUInt32LE(connectionId, afterVersion)
  const [low, high] = [afterVersion + 13, afterVersion + 18]
  const capabilities = withoutExtras(own.readUInt16LE(low) + own.readUInt16LE(high) * 0x1_0000) | SSL
  own.writeUInt16LE(capabilities & 0xffff, low)
  own.writeUInt16LE(capabilities >>> 16, high)
  return own
}

/** What a password is hashed with, by the server's greeting. */
export function scrambleOf(greeting: Buffer): Buffer {
  const first = greeting.indexOf(0, 1) + 5
  return Buffer.concat([greeting.subarray(first, first + 8), greeting.subarray(first + 27, first + 39)])
}

export function isWishForTls(payload: Buffer): boolean {
  return payload.length === SHAPE && (payload.readUInt32LE(0) & SSL) !== 0
}

export function readLogin(payload: Buffer): Login {
  const flags = payload.readUInt32LE(0)
  const [user, afterUser] = text(payload, SHAPE)
  const afterPassword = endOfPassword(payload, afterUser, flags)
  const database = flags & CONNECT_WITH_DB ? text(payload, afterPassword)[0] : ''
  return { user, database: database || undefined, flags, shape: payload.subarray(0, SHAPE) }
}

function endOfPassword(payload: Buffer, at: number, flags: number): number {
  if (!(flags & (AUTH_LENGTH_ENCODED | SECURE_CONNECTION))) return payload.indexOf(0, at) + 1
  const [length, start] = lengthEncoded(payload, at)
  return start + length
}

/** Up to a zero byte. */
function text(payload: Buffer, at: number): [string, end: number] {
  const end = payload.indexOf(0, at)
  return [payload.toString('utf8', at, end), end + 1]
}
