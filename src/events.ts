import { EventEmitter } from 'node:events'

/** What can be listened to on a pool. The first four are mysql2's; connections are told by their thread id. */
export interface PoolEvents {
  connection: [{ threadId: number }]
  acquire: [{ threadId: number }]
  release: [{ threadId: number }]
  enqueue: []
  /** An invocation has ended: by what, and whose it was. Once for each. */
  invocationEnd: [{ requestId: string | undefined; endedBy: EndedBy }]
  /** Something was left behind by an invocation: a statement's text without its values, or a method and where it was called. */
  leak: [{ requestId: string | undefined; what: string; stack: string | undefined }]
  /** Something a person should know. */
  warning: [message: string]
}

/** What told that an invocation is over. */
export type EndedBy =
  | 'after'
  | 'onError'
  | 'early response'
  | 'requestEnd'
  | 'wrap'
  | 'response stream'
  | 'deadline'
  | 'next invocation'

/** Places remembered as told. A program has few; texts made at run time push the oldest out. */
const REMEMBERED = 1000

/** Events of one pool, and the log lines that are said only once. */
export class Events extends EventEmitter<PoolEvents> {
  /** Things left behind by invocations since the start, told or not. */
  leaks = 0
  readonly #told = new Set<string>()

  constructor() {
    super()
    this.setMaxListeners(0) // every handle on the pool may listen
    this.emit = unthrown(this, this.emit)
  }

  /** Says it, as an event and on the log, once for each `key`. @returns whether this was the time */
  tellOnce(key: string, message: string): boolean {
    if (this.#told.has(key)) return false
    if (this.#told.size >= REMEMBERED) this.#told.delete(this.#told.values().next().value as string)
    this.#told.add(key)
    this.tell(message)
    return true
  }

  /** Says it as an event and on the log. */
  tell(message: string): void {
    console.warn(`warmpool: ${message}`)
    this.emit('warning', message)
  }

  emitEnd(requestId: string | undefined, endedBy: EndedBy): void {
    if (this.listenerCount('invocationEnd') > 0) this.emit('invocationEnd', { requestId, endedBy })
  }

  /** For events of the warm path, where the object is made only for somebody. */
  emitThread(name: 'connection' | 'acquire' | 'release', threadId: number): void {
    if (this.listenerCount(name) > 0) this.emit(name, { threadId })
  }
}

const FORWARDED = ['connection', 'acquire', 'release', 'enqueue', 'invocationEnd', 'leak', 'warning'] as const

/** Hands on what is told. It listens to the one only for what somebody listens to on the other. */
export function forwardEvents(from: EventEmitter, to: EventEmitter): void {
  for (const name of FORWARDED) {
    const forward = (...args: unknown[]) => to.emit(name, ...args)
    to.on('newListener', (added) => {
      if (added === name && to.listenerCount(name) === 0) from.on(name, forward)
    })
    to.on('removeListener', (removed) => {
      if (removed === name && to.listenerCount(name) === 0) from.off(name, forward)
    })
  }
}

/** What a listener throws is its own: it must not reach the pool in the middle of a move. */
function unthrown(events: Events, emit: Events['emit']): Events['emit'] {
  return (...args: unknown[]) => {
    try {
      return (emit as (...args: unknown[]) => boolean).apply(events, args)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
      return true
    }
  }
}
