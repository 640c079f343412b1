import { type Alarm, alarmAt, clock } from '../clock.ts'
import { type ErrorCode, WarmpoolError, withOutcome } from '../errors.ts'
import type { Settings } from '../options.ts'
import { type Fault, readOnlyServer } from '../policy/faults.ts'
import { TRANSACTION } from '../policy/session.ts'
import type { Slots } from '../slots/slots.ts'
import { STOP_PATIENCE } from '../slots/stopper.ts'
import { incidentOf, stoppedError } from './incident.ts'
import type { Lease, Owner } from './lease.ts'
import { errorOf, type Reason } from './reason.ts'

/** The part of Lambda's context that is used. Everything is optional: tests and other hosts have less. */
export interface InvocationContext {
  readonly awsRequestId?: string
  getRemainingTimeInMillis?(): number
  readonly lambdaContext?: InvocationContext
}

/** Outside an invocation there is no deadline: waiting for a connection ends after this, milliseconds. */
const ACQUIRE_TIMEOUT_OUTSIDE = 10_000
/** The share of Lambda's remaining time that is kept back to stop, clean and answer, and its bounds, milliseconds. */
const [MARGIN_SHARE, MARGIN_LEAST, MARGIN_MOST] = [0.05, 50, 300]

/** By how much readings of one deadline differ at most, milliseconds. */
const SAME_END = 100
/** Of what a deadline met, or the end of the pool, in the log. */
export const TOLD_AT_MOST = 5

/** One call of the handler: what it was lent, until when. Or, `outside`, what belongs to the container and never ends. */
export class Invocation implements Owner {
  readonly id: string | undefined
  /** Milliseconds that Lambda gave it; none is Infinity. */
  readonly remaining: number
  /** Wall clock, milliseconds; the margin is off already. */
  readonly deadline: number
  readonly acquireTimeout: number
  readonly connectTimeout: number
  /** Whether those left behind are told, and so the places of asking are kept. */
  readonly tellsLeaks: boolean
  readonly slots: Slots
  readonly leases = new Set<Lease>()
  /** Cleanings under way of what it has given back. */
  readonly cleaning = new Set<Promise<void>>()
  /** Stoppings under way of what it ran. */
  readonly halting = new Set<Promise<void>>()
  /** From `expired` on nothing more starts. */
  phase: 'live' | 'expired' | 'ended' = 'live'
  alarm: Alarm | undefined
  /** Whoever reads its answer has gone: what was being read for it is no leak. */
  cutShort = false
  /** Once it has ended: tells of what was asked for after that. */
  tellLate: (lease: Lease) => void = () => {}
  /** Once it has ended: the taking back of what it left behind. */
  ending: Promise<void> | undefined
  /** Milliseconds that stopping a statement may take. */
  readonly stopTime: number
  /** Wall clock of Lambda's own deadline, milliseconds. */
  readonly #end: number
  #controller: AbortController | undefined
  #outside = false
  #timeUp: WarmpoolError | undefined

  private constructor(
    slots: Slots,
    settings: Settings,
    context: InvocationContext | undefined,
    remaining: number,
    acquireTimeout: number,
  ) {
    const margin =
      settings.deadlineMargin ?? Math.min(MARGIN_MOST, Math.max(MARGIN_LEAST, remaining * MARGIN_SHARE))
    this.slots = slots
    this.id = context?.awsRequestId
    this.remaining = remaining
    this.deadline =
      remaining === Number.POSITIVE_INFINITY ? remaining : clock.now() + Math.max(0, remaining - margin)
    this.acquireTimeout = settings.acquireTimeout ?? acquireTimeout
    this.connectTimeout = settings.connectTimeout
    this.tellsLeaks = settings.onLeak !== 'ignore'
    this.stopTime = margin / 2
    this.#end = this.deadline + margin
  }

  /** @param given Lambda's context, or a durable function's, which has it inside */
  static of(given: InvocationContext | undefined, slots: Slots, settings: Settings): Invocation {
    const context = given?.getRemainingTimeInMillis ? given : (given?.lambdaContext ?? given)
    const left = context?.getRemainingTimeInMillis?.()
    const remaining = left !== undefined && Number.isFinite(left) ? left : Number.POSITIVE_INFINITY
    return new Invocation(slots, settings, context, remaining, Number.POSITIVE_INFINITY)
  }

  static outside(slots: Slots, settings: Settings): Invocation {
    const invocation = new Invocation(
      slots,
      settings,
      undefined,
      Number.POSITIVE_INFINITY,
      ACQUIRE_TIMEOUT_OUTSIDE,
    )
    invocation.#outside = true
    return invocation
  }

  get label(): string {
    if (this.#outside) return 'outside an invocation'
    return `invocation ${this.id ?? 'without a request id'}`
  }

  /** Whether both are part of one call of Lambda's: a handler may call others for its records. A retry has the same id, but a later end. */
  sameCall(other: Invocation): boolean {
    const sameEnd = this.#end === other.#end || Math.abs(this.#end - other.#end) < SAME_END
    return this.id !== undefined && this.id === other.id && sameEnd
  }

  /** Aborts when the time is up. Made for whoever looks. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#timeUp) this.#controller.abort(this.#timeUp)
    return this.#controller.signal
  }

  /** Asks for a connection on the lease's behalf. */
  take(lease: Lease): void {
    if (this.phase !== 'live') {
      if (this.phase === 'ended') this.tellLate(lease)
      return lease.failed(this.refusal())
    }
    this.leases.add(lease)
    this.slots.acquire(lease)
  }

  /** Asks for another connection in place of one that is dead. */
  renew(lease: Lease): void {
    void this.slots.release(lease)
    this.take(lease)
  }

  /** Gives a connection back. The promise, if there is one, resolves when it is clean, which the invocation's end waits for. */
  give(lease: Lease, over?: WarmpoolError): Promise<void> | undefined {
    if (over) lease.finish(over)
    this.leases.delete(lease)
    return track(this.cleaning, this.slots.release(lease))
  }

  /** Why it starts nothing more. */
  refusal(): WarmpoolError {
    const [code, why]: [ErrorCode, string] =
      this.phase === 'ended' ? ['INVOCATION_ENDED', 'it has ended'] : ['DEADLINE_EXCEEDED', 'its time is up']
    return new WarmpoolError(code, `nothing more can start in ${this.label}: ${why}`, {
      statusCode: this.phase === 'ended' ? 503 : 504,
      outcome: 'not-sent',
    })
  }

  /** Gives up what the lease has, or waits for, at once. */
  drop(lease: Lease, error: WarmpoolError): void {
    lease.finish(error)
    this.leases.delete(lease)
    if (lease.slot) return this.slots.evict(lease, error)
    const waited = lease.pending
    this.slots.abandon(lease)
    if (waited) lease.failed(withOutcome(error, 'not-sent'))
  }

  /**
   * Has the server stop what the lease runs, and gives up what it has, or waits for.
   *
   * @param within milliseconds that this may take
   */
  halt(
    lease: Lease,
    reason: Reason,
    incident: string = this.incident(lease),
    within: number = Math.min(STOP_PATIENCE, this.#end - clock.now()),
  ): void {
    if (!lease.slot) return this.drop(lease, errorOf(reason, incident))
    const refusal = withOutcome(
      errorOf({ ...reason, why: `its connection was closed, as ${reason.why}` }, incident),
      'not-sent',
    )
    lease.finish(refusal, true)
    this.leases.delete(lease)
    const stopped = (word: Error | undefined) => stoppedError(reason, incident, word)
    track(this.halting, this.slots.halt(lease, clock.now() + within, refusal, stopped))
  }

  /** Draws the conclusion from a statement's error: no link to a server that has become read-only is used again. */
  note(error: Error, lease: Lease): void {
    const inTransaction = ((lease.link?.effect ?? 0) & TRANSACTION) !== 0
    if (readOnlyServer(error as Fault, inTransaction)) this.slots.retire()
  }

  /** What the lease is doing, for a message. */
  incident(lease: Lease): string {
    return incidentOf(lease, (waiting) => this.slots.situation(waiting))
  }

  /**
   * From the deadline on: what runs is stopped, what waits is refused.
   *
   * @returns what that met
   */
  expire(): string[] {
    this.phase = 'expired'
    const reason: Reason = { code: 'DEADLINE_EXCEEDED', why: 'the time was up' }
    const [running, waiting] = [
      [...this.leases].filter(isRunning),
      [...this.leases].filter((one) => !isRunning(one)),
    ]
    // Told before any is stopped: who holds the connections is part of it. But not at length of thousands that wait.
    const told = [...running, ...waiting]
      .slice(0, TOLD_AT_MOST)
      .map((lease) => [lease, this.incident(lease)] as const)
    const incidents = new Map(told)
    const more = this.leases.size - incidents.size
    for (const lease of [...running, ...waiting])
      this.halt(
        lease,
        reason,
        incidents.get(lease) ?? `${lease.describe()} had not come to its end`,
        this.stopTime,
      )
    this.#timeUp = this.refusal()
    this.#controller?.abort(this.#timeUp)
    return [...incidents.values(), ...(more > 0 ? [`and ${more} more`] : [])]
  }

  /**
   * @param told called with what was under way at the deadline
   * @param over called when Lambda's own time is up, too, and nobody has ended it
   */
  armDeadline(told: (incidents: string[]) => void, over: () => void): void {
    if (this.deadline === Number.POSITIVE_INFINITY) return
    this.alarm = alarmAt(this.deadline, () => {
      this.alarm = alarmAt(this.#end, over)
      told(this.expire())
    })
  }
}

function isRunning(lease: Lease): boolean {
  return lease.slot !== undefined
}

function track(under: Set<Promise<void>>, way: Promise<void> | undefined): Promise<void> | undefined {
  if (!way) return undefined
  under.add(way)
  void way.then(() => under.delete(way))
  return way
}
