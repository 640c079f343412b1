import { AsyncLocalStorage } from 'node:async_hooks'
import type { Events } from '../events.ts'
import type { Settings } from '../options.ts'
import type { Slots } from '../slots/slots.ts'
import { endInvocation } from './ending.ts'
import { Invocation, type InvocationContext } from './invocation.ts'

interface Place {
  readonly invocation: Invocation
  readonly inTransaction: boolean
}

/** A middy request, which carries its invocation: a WeakMap would cost 3 µs of garbage collection each time. */
type Carrier = Record<symbol, Invocation | undefined>

/** What a `begin` gives: an invocation, and whether it was under way already. */
export interface Entry {
  readonly invocation: Invocation
  readonly joined: boolean
}

/** Which invocation a call belongs to, in one process that may run several at once. */
export class Scope {
  /** Belongs to the container: what runs outside any invocation. */
  readonly outside: Invocation
  readonly #storage = new AsyncLocalStorage<Place>()
  readonly #active = new Set<Invocation>()
  readonly #carried = Symbol('invocation')
  readonly #slots: Slots
  readonly #settings: Settings
  readonly #events: Events
  readonly #inLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined
  /** Lambda's ordinary mode, where the start of an invocation says that the one before is over. */
  readonly #oneAtATime = this.#inLambda && process.env.AWS_LAMBDA_MAX_CONCURRENCY === undefined
  #begun = false

  constructor(slots: Slots, settings: Settings, events: Events) {
    this.#slots = slots
    this.#settings = settings
    this.#events = events
    this.outside = Invocation.outside(slots, settings)
  }

  /** The invocation of the caller: by its async context, else the only one there is, else nobody's. */
  get current(): Invocation {
    const place = this.#storage.getStore()
    if (place) return place.invocation
    if (this.#active.size === 1) return this.#active.values().next().value as Invocation
    if (this.#begun && this.#inLambda) this.#tellOutside()
    return this.outside
  }

  get inTransaction(): boolean {
    return this.#storage.getStore()?.inTransaction ?? false
  }

  /** Starts an invocation, or joins the one that the caller is in. */
  begin(context: InvocationContext | undefined): Entry {
    const around = this.#storage.getStore()?.invocation
    if (around && this.#active.has(around)) return { invocation: around, joined: true }
    if (this.#oneAtATime) for (const earlier of this.#active) this.end(earlier)?.catch(() => {}) // its end was never told to us; a leak is, on the log
    const invocation = Invocation.of(context, this.#slots, this.#settings)
    this.#active.add(invocation)
    this.#begun = true
    invocation.armDeadline()
    return { invocation, joined: false }
  }

  /** Starts the invocation that a middy request is, or joins the one that it is already part of. */
  beginRequest(request: { readonly context: InvocationContext }): Invocation {
    const known = this.#startedBy(request)
    if (known) return known
    const { invocation, joined } = this.begin(request.context)
    if (!joined) (request as Carrier)[this.#carried] = invocation
    return invocation
  }

  /** From here on the caller's async context is in what {@link beginRequest} started; in what it joined, it is already. */
  enterRequest(request: object): void {
    const invocation = this.#startedBy(request)
    if (invocation) this.#storage.enterWith({ invocation, inTransaction: false })
  }

  /** Ends what {@link beginRequest} started, not what it joined. */
  endRequest(request: object): Promise<void> | undefined {
    const invocation = this.#startedBy(request)
    return invocation && this.end(invocation)
  }

  /** Ends it, once. The promise, if there is one, resolves when what it left behind has been taken back. */
  end(invocation: Invocation): Promise<void> | undefined {
    if (!this.#active.delete(invocation)) return undefined
    return endInvocation(invocation, this.#settings.onLeak, this.#events)
  }

  /** When the pool is over: no deadline is waited for any more. */
  disarm(): void {
    for (const invocation of this.#active) invocation.alarm?.clear()
  }

  run<T>(invocation: Invocation, work: () => T, inTransaction = false): T {
    return this.#storage.run({ invocation, inTransaction }, work)
  }

  #startedBy(request: object): Invocation | undefined {
    return (request as Carrier)[this.#carried]
  }

  #tellOutside(): void {
    this.#events.tellOnce(
      'outside',
      'a query ran outside any invocation: nothing bounds it or cleans up after it; wrap the handler, or use pool.detach() if that is meant',
    )
  }
}
