import { EventEmitter } from 'node:events'

/** What can be listened to on a pool. The first four are mysql2's; connections are told by their thread id. */
export interface PoolEvents {
  connection: [{ threadId: number }]
  acquire: [{ threadId: number }]
  release: [{ threadId: number }]
  enqueue: []
  /** Something was left behind by an invocation. */
  leak: [{ requestId: string | undefined; what: string }]
  /** Something a person should know, told once. */
  warning: [message: string]
}

/** Events of one pool, and the log lines that are said only once. */
export class Events extends EventEmitter<PoolEvents> {
  readonly #told = new Set<string>()

  /** Says it once for each `key`: as an event, and on the log. */
  tellOnce(key: string, message: string): void {
    if (this.#told.has(key)) return
    this.#told.add(key)
    console.warn(`warmpool: ${message}`)
    this.emit('warning', message)
  }

  /** What a listener throws is its own: it must not reach the pool in the middle of a move. */
  override emit<E extends keyof PoolEvents>(name: E, ...args: PoolEvents[E]): boolean {
    try {
      return (super.emit as (name: E, ...args: PoolEvents[E]) => boolean).call(this, name, ...args)
    } catch (error) {
      process.nextTick(() => {
        throw error
      })
      return true
    }
  }

  /** For events of the warm path, where the object is made only for somebody. */
  emitThread(name: 'connection' | 'acquire' | 'release', threadId: number): void {
    if (this.listenerCount(name) > 0) this.emit(name, { threadId })
  }
}
