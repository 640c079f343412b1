import { lengthEncoded, SqlError } from './wire.ts'

/** How a server's answer ended. */
export interface Answer {
  /** The server's status flags; those of an error are not told. */
  readonly status?: number
  readonly error?: SqlError
}

const MORE_RESULTS = 0x0008
const [OK, ERROR, END_OF_FILE] = [0x00, 0xff, 0xfe]

/** Finds the end of the answer to one command, in the packets of a connection that has not asked for DEPRECATE_EOF. */
export class AnswerReader {
  readonly #prepares: boolean
  #stage: 'first' | 'columns' | 'rows' = 'first'
  /** Of a prepared statement: a list of parameters and one of columns, each if there are any. */
  #lists = 0

  /** @param command the name of what is answered */
  constructor(command: string) {
    this.#prepares = command === 'PREPARE'
  }

  /** @returns how it ended, when this was its last packet */
  read(payload: Buffer): Answer | undefined {
    if (payload[0] === ERROR) return { error: SqlError.of(payload) }
    if (this.#prepares) return this.#readPrepared(payload)
    if (this.#stage !== 'first') return this.#readList(payload)
    if (payload[0] === OK) return this.#endOfResult(statusOfOk(payload))
    if (isEnd(payload)) return { status: payload.readUInt16LE(3) }
    this.#stage = 'columns'
    return undefined
  }

  #readList(payload: Buffer): Answer | undefined {
    if (!isEnd(payload)) return undefined
    if (this.#stage === 'rows') return this.#endOfResult(payload.readUInt16LE(3))
    this.#stage = 'rows'
    return undefined
  }

  #endOfResult(status: number): Answer | undefined {
    this.#stage = 'first'
    return status & MORE_RESULTS ? undefined : { status }
  }

  #readPrepared(payload: Buffer): Answer | undefined {
    if (this.#stage === 'first') {
      this.#stage = 'rows'
      this.#lists = [5, 7].filter((at) => payload.readUInt16LE(at) > 0).length
    } else if (isEnd(payload)) this.#lists--
    return this.#lists === 0 ? {} : undefined
  }
}

function isEnd(payload: Buffer): boolean {
  return payload[0] === END_OF_FILE && payload.length < 9
}

function statusOfOk(payload: Buffer): number {
  const [, afterRows] = lengthEncoded(payload, 1)
  const [, afterId] = lengthEncoded(payload, afterRows)
  return payload.readUInt16LE(afterId)
}
