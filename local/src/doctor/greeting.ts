import type { Socket } from 'node:net'
import { inTime } from './in-time.ts'
import { silent, type Trouble } from './project.ts'

/** A server's first words. */
export interface Greeting {
  readonly version: string
  /** The session's number, as whoever greets counts them. */
  readonly session: number
  readonly offersTls: boolean
}

/** What has come in place of a greeting. */
export interface Stranger {
  /** Its first words; empty for a silent one. */
  readonly words: string
}

const HEADER = 4
const PROTOCOL = 10
const REFUSAL = 0xff
const SSL = 0x0800
/** Of a stranger's words, characters. */
const ENOUGH = 60

/** What makes a server that waits for its client speak. To no MySQL server: those have spoken by then, or hang. */
const NUDGE = 'HELP\r\n\r\n'

/**
 * Reads what comes first on a connection that was just opened, and nothing behind it.
 *
 * @param limit milliseconds. A silent one is nudged then, and has as long again
 */
export async function readGreeting(socket: Socket, limit: number): Promise<Greeting | Trouble | Stranger> {
  const first = await firstPacket(socket, limit)
  if (first === 'closed')
    return { code: 'PROTOCOL_CONNECTION_LOST', message: 'it was closed', stage: 'greeting' }
  if (first !== 'silence') return understood(first)
  socket.write(NUDGE)
  const answer = await firstPacket(socket, limit)
  if (typeof answer === 'string') return silent('greeting')
  return { words: printable(answer) }
}

export function isGreeting(heard: Greeting | Trouble | Stranger): heard is Greeting {
  return 'session' in heard
}

export function isStranger(heard: Greeting | Trouble | Stranger): heard is Stranger {
  return 'words' in heard
}

/** Asks for TLS. What follows on the socket is the TLS handshake. */
export function requestTls(socket: Socket): void {
  const packet = Buffer.alloc(HEADER + 32)
  packet.writeUIntLE(32, 0, 3)
  packet[3] = 1
  packet.writeUInt32LE(0x0008_8a00, HEADER) // PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH
  packet.writeUInt32LE(2 ** 24 - 1, HEADER + 4)
  packet[HEADER + 8] = 45 // utf8mb4_general_ci
  socket.write(packet)
}

/** As far as it came: who speaks another protocol has no length in front. */
async function firstPacket(socket: Socket, limit: number): Promise<Buffer | 'closed' | 'silence'> {
  const { promise, resolve } = Promise.withResolvers<'closed' | 'whole'>()
  let heard = Buffer.alloc(0)
  const listen = (chunk: Buffer) => {
    heard = Buffer.concat([heard, chunk])
    if (!looksRight(heard) || isWhole(heard)) resolve('whole')
  }
  const close = () => resolve('closed')
  socket.on('data', listen).once('close', close).once('end', close).resume()
  const came = await inTime(promise, limit, 'silence' as const)
  socket.off('data', listen).off('close', close).off('end', close)
  if (!socket.destroyed) socket.pause()
  return came === 'whole' || heard.length > 0 ? heard : came
}

/** The length itself may come in pieces. */
function isWhole(heard: Buffer): boolean {
  return heard.length >= HEADER && heard.length >= HEADER + heard.readUIntLE(0, 3)
}

/** What begins like the first packet of a server: its number is 0, and it is short. */
function looksRight(heard: Buffer): boolean {
  return (
    heard.length <= HEADER || (heard.readUIntLE(0, 3) < 1024 && heard[3] === 0 && kindOf(heard) !== undefined)
  )
}

function kindOf(packet: Buffer): 'greeting' | 'refusal' | undefined {
  if (packet[HEADER] === PROTOCOL) return 'greeting'
  return packet[HEADER] === REFUSAL ? 'refusal' : undefined
}

function understood(packet: Buffer): Greeting | Trouble | Stranger {
  const kind = packet.length > HEADER && looksRight(packet) ? kindOf(packet) : undefined
  if (kind === 'greeting' && !isWhole(packet)) return silent('greeting')
  if (kind === undefined || packet.length < HEADER + 3) return { words: printable(packet) }
  if (kind === 'refusal') return refusal(packet)
  const end = packet.indexOf(0, HEADER + 1)
  if (end < 0 || packet.length < end + 16) return { words: printable(packet) }
  return {
    version: packet.toString('latin1', HEADER + 1, end),
    session: packet.readUInt32LE(end + 1),
    offersTls: (packet.readUInt16LE(end + 14) & SSL) !== 0, // behind the number, 8 bytes and a zero
  }
}

/** Such as 1040: it has no SQLSTATE yet. */
function refusal(packet: Buffer): Trouble {
  const message = packet.toString('utf8', HEADER + 3).replace(/^#\w{5}/, '')
  return { errno: packet.readUInt16LE(HEADER + 1), message }
}

function printable(heard: Buffer): string {
  const [line = ''] = heard.toString('latin1').split(/[\r\n]/)
  return line
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(0, ENOUGH)
}
