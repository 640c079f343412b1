import type { Duplex } from 'node:stream'
import { type Packet, PacketReader } from '../packets.ts'

/** An error as a server says it. */
export class SqlError extends Error {
  readonly code: number
  readonly sqlState: string

  constructor(code: number, message: string, sqlState = 'HY000') {
    super(message)
    this.code = code
    this.sqlState = sqlState
  }

  /** What an error packet says. */
  static of(payload: Buffer): SqlError {
    const hasState = payload[3] === 0x23
    const message = payload.toString('utf8', hasState ? 9 : 3)
    return new SqlError(
      payload.readUInt16LE(1),
      message,
      hasState ? payload.toString('latin1', 4, 9) : undefined,
    )
  }
}

/** One packet as it goes over the wire: three bytes of length, one of sequence number, the payload. */
export function framed(sequence: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(payload.length, 0, 3)
  header[3] = sequence
  return Buffer.concat([header, payload])
}

/** @param status SERVER_STATUS_AUTOCOMMIT by default */
export function okPacket(status = 2): Buffer {
  return Buffer.from([0, 0, 0, status & 0xff, status >>> 8, 0, 0])
}

export function errorPacket({ code, sqlState, message }: SqlError): Buffer {
  const number = Buffer.from([0xff, code & 0xff, code >>> 8])
  return Buffer.concat([number, Buffer.from(`#${sqlState}${message}`)])
}

/** A length-encoded number and where it ends. */
export function lengthEncoded(payload: Buffer, at: number): [value: number, end: number] {
  const first = payload.readUInt8(at)
  const bytes = { 252: 2, 253: 3, 254: 6 }[first]
  if (bytes === undefined) return [first, at + 1]
  return [payload.readUIntLE(at + 1, bytes), at + 1 + (first === 0xfe ? 8 : bytes)]
}

/** The packets that come on a connection, one after the other. */
export class Inbox {
  readonly #come: Packet[] = []
  #wanted: ((packet: Packet | undefined) => void) | undefined
  #over = false

  constructor(stream: Duplex) {
    const reader = new PacketReader()
    stream.on('data', (chunk: Buffer) => {
      for (const packet of reader.read(chunk)) this.#deliver(packet)
    })
    for (const end of ['end', 'close', 'error']) stream.on(end, () => this.#end())
  }

  /** The next one; `undefined` when the other end has closed. */
  next(): Promise<Packet | undefined> {
    const packet = this.#come.shift()
    if (packet || this.#over) return Promise.resolve(packet)
    return new Promise((resolve) => {
      this.#wanted = resolve
    })
  }

  #deliver(packet: Packet): void {
    if (!this.#wanted) return void this.#come.push(packet)
    this.#wanted(packet)
    this.#wanted = undefined
  }

  #end(): void {
    this.#over = true
    this.#wanted?.(undefined)
    this.#wanted = undefined
  }
}
