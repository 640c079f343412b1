import { type Alarm, alarmAt, clock } from '../clock.ts'
import { type Outcome, WarmpoolError } from '../errors.ts'
import type { Settings } from '../options.ts'
import { type Fault, readOnlyServer } from '../policy/faults.ts'
import { TRANSACTION } from '../policy/session.ts'
import type { Slots } from '../slots/slots.ts'
import type { Lease, Owner } from './lease.ts'

/** The part of Lambda's context that is used. Everything is optional: tests and other hosts have less. */
export interface InvocationContext {
  readonly awsRequestId?: string
  getRemainingTimeInMillis?(): number
}

/** Outside an invocation there is no deadline: waiting for a connection ends after this, milliseconds. */
const ACQUIRE_TIMEOUT_OUTSIDE = 10_000

/** One call of the handler: what it was lent, until when. Or, `outside`, what belongs to the container and never ends. */
export class Invocation implements Owner {
  readonly id: string | undefined
  /** Wall clock, milliseconds; the margin is off already. */
  readonly deadline: number
  readonly acquireTimeout: number
  readonly connectTimeout: number
  readonly slots: Slots
  readonly leases = new Set<Lease>()
  /** Cleanings under way of what it has given back. */
  readonly cleaning = new Set<Promise<void>>()
  /** From `expired` on nothing more starts. */
  phase: 'live' | 'expired' | 'ended' = 'live'
  alarm: Alarm | undefined

  private constructor(
    slots: Slots,
    settings: Settings,
    id: string | undefined,
    deadline: number,
    acquire: number,
  ) {
    this.slots = slots
    this.id = id
    this.deadline = deadline
    this.acquireTimeout = acquire
    this.connectTimeout = settings.connectTimeout
  }

  static of(context: InvocationContext | undefined, slots: Slots, settings: Settings): Invocation {
    const remaining = context?.getRemainingTimeInMillis?.() ?? Number.POSITIVE_INFINITY
    const margin = settings.deadlineMargin ?? Math.min(300, Math.max(50, remaining / 20))
    const deadline =
      remaining === Number.POSITIVE_INFINITY ? remaining : clock.now() + Math.max(0, remaining - margin)
    const acquire = settings.acquireTimeout ?? Number.POSITIVE_INFINITY
    return new Invocation(slots, settings, context?.awsRequestId, deadline, acquire)
  }

  static outside(slots: Slots, settings: Settings): Invocation {
    const acquire = settings.acquireTimeout ?? ACQUIRE_TIMEOUT_OUTSIDE
    return new Invocation(slots, settings, undefined, Number.POSITIVE_INFINITY, acquire)
  }

  get label(): string {
    if (this.deadline === Number.POSITIVE_INFINITY && this.id === undefined) return 'outside an invocation'
    return `invocation ${this.id ?? 'without a request id'}`
  }

  /** Asks for a connection on the lease's behalf. */
  take(lease: Lease): void {
    if (this.phase !== 'live') return lease.failed(this.refusal())
    this.leases.add(lease)
    this.slots.acquire(lease)
  }

  /** Gives a connection back. The promise, if there is one, resolves when it is clean, which the invocation's end waits for. */
  give(lease: Lease, over?: WarmpoolError): Promise<void> | undefined {
    lease.over ??= over
    this.leases.delete(lease)
    const cleaned = this.slots.release(lease)
    if (!cleaned) return undefined
    this.cleaning.add(cleaned)
    void cleaned.then(() => this.cleaning.delete(cleaned))
    return cleaned
  }

  /** Why it starts nothing more. */
  refusal(): WarmpoolError {
    if (this.phase === 'expired')
      return this.#deadlineExceeded(`nothing more can start in ${this.label}: its time is up`, 'not-sent')
    return new WarmpoolError('INVOCATION_ENDED', `nothing more can start: ${this.label} has ended`, {
      outcome: 'not-sent',
    })
  }

  /** Gives up what the lease has, or waits for. */
  drop(lease: Lease, error: WarmpoolError): void {
    lease.over ??= error
    this.leases.delete(lease)
    if (lease.slot) return this.slots.evict(lease, error)
    const waited = lease.pending
    this.slots.abandon(lease)
    if (waited) lease.failed(error)
  }

  /** Draws the conclusion from a statement's error: no link to a server that has become read-only is used again. */
  note(error: Error, lease: Lease): void {
    const inTransaction = ((lease.link?.effect ?? 0) & TRANSACTION) !== 0
    if (readOnlyServer(error as Fault, inTransaction)) this.slots.retire()
  }

  /** From the deadline on: what runs is stopped, what waits is refused. */
  expire(): void {
    this.phase = 'expired'
    // All told before any is dropped: who holds the connections is part of it.
    const errors = [...this.leases].map(
      (lease) => [lease, this.#deadlineExceeded(this.#unfinished(lease))] as const,
    )
    for (const [lease, error] of errors) this.drop(lease, error)
  }

  #unfinished(lease: Lease): string {
    return lease.slot
      ? `the time was up, and ${lease.describe()} was stopped`
      : `the time was up while ${lease.describe()} waited for a connection: ${this.slots.situation(lease)}`
  }

  armDeadline(): void {
    if (this.deadline !== Number.POSITIVE_INFINITY) this.alarm = alarmAt(this.deadline, () => this.expire())
  }

  #deadlineExceeded(what: string, outcome?: Outcome): WarmpoolError {
    return new WarmpoolError('DEADLINE_EXCEEDED', what, { statusCode: 504, ...(outcome && { outcome }) })
  }
}
