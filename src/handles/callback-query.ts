import { EventEmitter } from 'node:events'
import type { ReadableOptions } from 'node:stream'
import { type RowStream, takenBack } from './stream.ts'

/**
 * What mysql2's callback `query` returns. Without a callback the answer comes by events (`fields`, `result`, `error`, `end`) or
 * as a stream; so it runs when the caller has had time to say which.
 */
export class CallbackQuery extends EventEmitter {
  readonly #text: () => string
  #open: ((options?: ReadableOptions) => RowStream) | undefined

  /** @param open runs it; missing where it runs already, for a callback */
  constructor(text: () => string, open?: (options?: ReadableOptions) => RowStream) {
    super()
    this.#text = text
    this.#open = open
    if (open) process.nextTick(() => this.#forward())
  }

  /** The text with its values in place. */
  get sql(): string {
    return this.#text()
  }

  /** @throws TypeError where the answer goes somewhere else already: it would have to run twice */
  stream(options?: ReadableOptions): RowStream {
    const open = this.#open
    if (!open) throw new TypeError('stream() is for a query without a callback, in the turn that made it')
    this.#open = undefined
    return open(options)
  }

  #forward(): void {
    if (!this.#open) return
    this.stream()
      .on('fields', (fields) => this.emit('fields', fields))
      .on('data', (row) => this.emit('result', row))
      .on(
        'error',
        (error) => (this.listenerCount('error') > 0 || !takenBack(error)) && this.emit('error', error),
      )
      .on('close', () => this.emit('end'))
  }
}
