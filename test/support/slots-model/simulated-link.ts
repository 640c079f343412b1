import type { Done } from '../../../src/driver.ts'
import type { Link } from '../../../src/link.ts'
import { BEYOND_RESET, CLEAN, type Effect, TRANSACTION } from '../../../src/policy/session.ts'
import type { EventLoop } from './event-loop.ts'

/** What slots use of a link. */
type UsedLink = Pick<
  Link,
  | 'threadId'
  | 'address'
  | 'effect'
  | 'dead'
  | 'busy'
  | 'closed'
  | 'onDeath'
  | 'whenQuiet'
  | 'cutOff'
  | 'stop'
  | 'stopping'
  | 'lastStart'
  | 'readmit'
  | 'query'
  | 'reset'
  | 'ping'
  | 'quit'
  | 'destroy'
>

export const SET_UP = 'SET SESSION'

/** A link without a socket, whose server answers when the test says so. */
export class SimulatedLink implements UsedLink {
  readonly threadId: number
  readonly address: { readonly host: string; readonly port: number }
  readonly closed: Promise<void>
  onDeath: (error: Error) => void = () => {}
  effect: Effect = CLEAN
  dead = false
  /** The server's side is gone. */
  killed = false
  /** What is in flight is being stopped. */
  stopping = false
  /** Whether commands are taken. */
  admits = true
  /** Reset since it was last lent. */
  fresh = true
  /** Has our session variables. */
  ours = true
  /** Wall clock of the last proof of life, milliseconds: opening, a statement's or a ping's answer. */
  provenAt: number
  readonly openedAt: number
  /** Wall clock, milliseconds: when the server was asked for something last. */
  lastStart: number
  /** Says goodbye; the server has not closed yet. */
  quitting = false
  readonly #loop: EventLoop
  readonly #socketClosed: () => void
  #inFlight: { readonly name: string; readonly done: Done } | undefined
  #quiet: (() => void)[] = []

  constructor(threadId: number, loop: EventLoop) {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.threadId = threadId
    this.address = { host: `server ${threadId}`, port: 3306 }
    this.closed = promise
    this.#socketClosed = resolve
    this.#loop = loop
    this.openedAt = loop.now
    this.lastStart = loop.now
    this.provenAt = loop.now
  }

  /** What the server has not answered yet. */
  get owes(): string | undefined {
    if (this.killed) return undefined
    return this.#inFlight?.name ?? (this.quitting ? 'close' : undefined)
  }

  get busy(): boolean {
    return this.#inFlight !== undefined
  }

  /** The server answers, and with `fatal` it closes as well. */
  answer(fatal = false): void {
    if (fatal || this.quitting) return this.#serverCloses()
    this.provenAt = this.#loop.now
    this.#settle(null)
  }

  /** The server's side dies. Silently: nothing tells us, and nothing is answered any more. */
  kill(silently: boolean): void {
    if (this.killed) return
    this.killed = true
    if (!silently) this.#loop.arrives(() => this.#serverCloses())
  }

  whenQuiet(): Promise<void> {
    if (!this.#inFlight) return Promise.resolve()
    return new Promise((resolve) => this.#quiet.push(resolve))
  }

  cutOff(): void {
    this.admits = false
  }

  /** Nobody can be found who tells the server. */
  stop(): void {
    this.admits = false
    this.stopping = true
  }

  readmit(): void {
    this.admits = !this.dead
  }

  query(sql: unknown, _values: unknown, done: Done): void {
    const ends = sql === 'ROLLBACK' ? TRANSACTION : CLEAN
    this.#send(String(sql), (error) => {
      if (!error) this.effect &= ~ends
      if (!error && sql === SET_UP) this.ours = true
      done(error)
    })
  }

  reset(done: Done): void {
    this.#send('reset', (error) => {
      if (!error) {
        this.effect &= BEYOND_RESET
        this.fresh = true
        this.ours = false
      }
      done(error)
    })
  }

  ping(done: Done): void {
    this.#send('ping', done)
  }

  quit(): void {
    if (this.dead) return
    this.dead = true
    this.quitting = true
  }

  destroy(): void {
    this.#die()
    this.#loop.arrives(this.#socketClosed)
  }

  #send(name: string, done: Done): void {
    if (this.#inFlight) throw new Error(`${name} was sent on link ${this.threadId}, which is busy`)
    if (this.dead || !this.admits) return done(new Error('not sent'))
    this.#inFlight = { name, done }
    this.lastStart = this.#loop.now
  }

  #serverCloses(): void {
    this.#die()
    this.#socketClosed()
  }

  #die(): void {
    const first = !this.dead
    this.dead = true
    if (first) this.onDeath(new Error('lost'))
    this.#settle(new Error('lost'))
  }

  #settle(error: Error | null): void {
    const settled = this.#inFlight
    this.#inFlight = undefined
    settled?.done(error)
    for (const resolve of this.#quiet.splice(0)) resolve()
  }
}
