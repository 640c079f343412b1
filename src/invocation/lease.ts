import type { Alarm } from '../clock.ts'
import type { WarmpoolError } from '../errors.ts'
import type { Link } from '../link.ts'
import { type Caller, nearest, type Place, placeOf } from '../place.ts'
import { shownSql } from '../policy/shown-sql.ts'
import type { Claim } from '../slots/claim.ts'
import type { Slot } from '../slots/slot.ts'
import type { Reason } from './reason.ts'

/** Who lends: an invocation. */
export interface Owner {
  /** For messages. */
  readonly label: string
  /** Wall clock, milliseconds; none is Infinity. */
  readonly deadline: number
  /** Milliseconds; none is Infinity. */
  readonly acquireTimeout: number
  readonly connectTimeout: number
  /** What is lent, or waited for. */
  readonly leases: Set<Lease>
  take(lease: Lease): void
  renew(lease: Lease): void
  give(lease: Lease, over?: WarmpoolError): Promise<void> | undefined
  drop(lease: Lease, error: WarmpoolError): void
  halt(lease: Lease, reason: Reason, incident?: string, within?: number): void
  note(error: Error, lease: Lease): void
  /** What the lease is doing, for a message. */
  incident(lease: Lease): string
  /** Why nothing more starts. */
  refusal(): WarmpoolError
}

/** A link lent to an invocation: from the asking, through the use, to the giving back. */
export class Lease implements Claim {
  readonly owner: Owner
  ahead: Claim | undefined
  behind: Claim | undefined
  inLine = false
  place = 0
  since = 0
  alarm: Alarm | undefined
  pending = true
  slot: Slot | undefined
  /** Why the handle that holds it can no longer be used. */
  over: WarmpoolError | undefined
  /** Tells the handles that hold it. What is being stopped hears of it with its statement, and then knows what became of that. */
  whenOver: ((error: WarmpoolError, stopping: boolean) => void) | undefined
  /** The stream that its rows go to, where it is there for one alone. Closed, it only waits for the rest to pass. */
  stream: { readonly destroyed: boolean; readonly begun: boolean } | undefined
  /** Where it was asked for, where that is kept. */
  from: Place | undefined
  /** Of a single statement: the function of ours that the user called, or from where, if that is kept. */
  called: Caller | Place | undefined
  /** For longer than a single statement. */
  held = false
  /** Asked for inside a `transaction()` callback of the same invocation, which has a connection of its own. */
  besideTransaction = false
  /** Whether anything was sent on the connection since it was lent. */
  used = false
  readonly what: string
  #use: (link: Link) => void
  #fail: (error: Error) => void
  #renewed: Promise<void> | undefined

  /**
   * @param what for messages: the SQL text of a single statement, else the method that was called
   * @param use called with the link when it is granted
   * @param failed called when it cannot be granted
   */
  constructor(owner: Owner, what: string, use: (link: Link) => void, failed: (error: Error) => void) {
    this.owner = owner
    this.what = what
    this.#use = use
    this.#fail = failed
  }

  get until(): number {
    return this.since + this.owner.acquireTimeout
  }

  get deadline(): number {
    return this.owner.deadline
  }

  get connectUntil(): number {
    return Math.min(this.owner.deadline + AFTERWORD, this.since + this.owner.connectTimeout)
  }

  get link(): Link | undefined {
    return this.slot?.link
  }

  granted(slot: Slot): void {
    const link = slot.link as Link
    link.lend(this)
    this.#use(link)
  }

  /** Whether the connection has died before anything was sent on it, so that another will do. */
  get lost(): boolean {
    const gone = this.#renewed !== undefined || this.link?.dead === true
    return gone && !this.used && !this.over
  }

  /** Asks for another connection, once. Those who ask for it meanwhile go on in their order. */
  renew(): Promise<void> {
    this.#renewed ??= new Promise((resolve, reject) => {
      this.#use = () => resolve()
      this.#fail = (error) => {
        this.finish(error as WarmpoolError)
        reject(error)
      }
      this.pending = true
      this.owner.renew(this)
    })
    return this.#renewed
  }

  tooLate(): WarmpoolError {
    return this.owner.refusal()
  }

  failed(error: Error): void {
    this.owner.leases.delete(this)
    this.#fail(error)
  }

  /** From now on its handles refuse, those that wait for rows too. */
  finish(error: WarmpoolError, stopping = false): void {
    if (this.over) return
    this.over = error
    this.whenOver?.(error, stopping)
  }

  /** A caller is known only while it is on the stack. */
  get where(): string {
    const { called = {} } = this
    return nearest(this.from ?? (typeof called === 'function' ? placeOf(called) : called))
  }

  describe(): string {
    return `${shownSql(this.what)} (${this.owner.label})`
  }
}

/** Milliseconds for which connecting goes on past a deadline, so that it is the deadline that speaks. */
const AFTERWORD = 20
