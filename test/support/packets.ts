export interface Packet {
  /** A command starts with 0. */
  readonly sequence: number
  readonly payload: Buffer
}

/** Three bytes of length, one of sequence number. */
const HEADER = 4

/** Finds the MySQL packets in the bytes that one side of a connection sends. */
export class PacketReader {
  #rest: Buffer = Buffer.alloc(0)
  #stopped = false

  /** The packets that `chunk` completes. */
  read(chunk: Buffer): Packet[] {
    if (this.#stopped) return []
    const packets: Packet[] = []
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEADER) {
      const end = HEADER + this.#rest.readUIntLE(0, 3)
      if (this.#rest.length < end) break
      packets.push({ sequence: this.#rest.readUInt8(3), payload: this.#rest.subarray(HEADER, end) })
      this.#rest = this.#rest.subarray(end)
    }
    return packets
  }

  /** What follows is encrypted. */
  stop(): void {
    this.#stopped = true
    this.#rest = Buffer.alloc(0)
  }
}

/** The client's wish for TLS: its first packet, of a length that no other first packet has. */
export function isSslRequest({ sequence, payload }: Packet): boolean {
  return sequence === 1 && payload.length === 32
}

/** A command as it went to the server. `text` is the statement's, of QUERY and PREPARE. */
export interface SentCommand {
  readonly name: string
  readonly text: string
}

const NAMES: Record<number, string> = {
  1: 'QUIT',
  3: 'QUERY',
  14: 'PING',
  17: 'CHANGE_USER',
  22: 'PREPARE',
  23: 'EXECUTE',
  25: 'CLOSE',
  31: 'RESET',
}

/** The command that a client's packet starts, if it starts one. */
export function commandOf({ sequence, payload }: Packet): SentCommand | undefined {
  if (sequence !== 0 || payload.length === 0) return undefined
  const name = NAMES[payload.readUInt8(0)] ?? `command ${payload[0]}`
  return { name, text: name === 'QUERY' || name === 'PREPARE' ? payload.toString('utf8', 1) : '' }
}
