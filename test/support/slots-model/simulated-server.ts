import { alarmAt } from '../../../src/clock.ts'
import { WarmpoolError } from '../../../src/errors.ts'
import type { Link } from '../../../src/link.ts'
import type { Opener } from '../../../src/slots/opener.ts'
import type { EventLoop } from './event-loop.ts'
import { SET_UP, SimulatedLink } from './simulated-link.ts'

/** How an attempt to connect comes out: `dies` opens and is closed at once. */
export type Outcome = 'opens' | 'dies' | 'refused' | 'hopeless'

/** A connection on its way. */
type Opening = (outcome: Outcome) => void

/** Hears of attempts to connect, and until when each may last. */
interface Observer {
  opens(until: number): void
  /** Trying again could help. */
  refuses(until: number): void
}

/** Answers when the test says so. What it is asked for counts as a socket until that is closed. */
export class SimulatedServer implements Opener {
  readonly proxied: boolean
  readonly lease = Number.POSITIVE_INFINITY
  readonly openings = new Set<Opening>()
  /** With a socket, including those that are closing. */
  readonly links = new Set<SimulatedLink>()
  /** Wall clock of the last attempt to connect that failed, and until when it could have lasted: for ever if without hope. */
  failedAt = 0
  failedUntil = 0
  readonly #loop: EventLoop
  readonly #observer: Observer
  #opened = 0

  constructor(loop: EventLoop, proxied: boolean, observer: Observer) {
    this.#loop = loop
    this.#observer = observer
    this.proxied = proxied
  }

  get sockets(): number {
    return this.openings.size + this.links.size
  }

  open(until: number, signal: AbortSignal): Promise<Link> {
    this.#observer.opens(until)
    return new Promise((resolve, reject) => {
      const settled = () => {
        alarm.clear()
        signal.removeEventListener('abort', giveUp)
        return this.openings.delete(opening)
      }
      const opening: Opening = (outcome) => {
        if (!settled()) return
        if (outcome === 'opens' || outcome === 'dies')
          resolve(this.#link(outcome === 'dies') as unknown as Link)
        else {
          this.failedAt = this.#loop.now
          this.failedUntil = outcome === 'refused' ? until : Number.POSITIVE_INFINITY
          if (outcome === 'refused') this.#observer.refuses(until)
          reject(connectFailed(outcome === 'refused'))
        }
      }
      const giveUp = () => settled() && reject(connectFailed(true)) // for nobody, so nobody hears of it
      const alarm = alarmAt(until, () => opening('refused'))
      signal.addEventListener('abort', giveUp)
      this.openings.add(opening)
    })
  }

  /** Nothing is stopped in simulated runs: what holders have sent goes with the connection. */
  control(): Promise<Link> {
    return Promise.reject(connectFailed(false))
  }

  doubtWriter(): void {}

  setUp(link: Link): Promise<void> {
    return new Promise((resolve, reject) =>
      link.query(SET_UP, undefined, (error) => (error ? reject(error) : resolve())),
    )
  }

  #link(dies: boolean): SimulatedLink {
    const link = new SimulatedLink(++this.#opened, this.#loop)
    this.links.add(link)
    void link.closed.then(() => this.links.delete(link))
    if (dies) link.destroy()
    return link
  }
}

function connectFailed(retryable: boolean): WarmpoolError {
  return new WarmpoolError('CONNECT_FAILED', 'simulated', { retryable, outcome: 'not-sent' })
}
