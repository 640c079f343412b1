import { AsyncLocalStorage } from 'node:async_hooks'
import { finished, type Readable } from 'node:stream'
import { clock } from '../clock.ts'
import type { EndedBy, Events } from '../events.ts'
import { severalAtOnce } from '../options/threads.ts'
import type { Settings } from '../options.ts'
import { framesOf, nearest, type Place } from '../place.ts'
import type { ServerLease } from '../server-lease.ts'
import type { Slots } from '../slots/slots.ts'
import { endInvocation } from './ending.ts'
import { Invocation, type InvocationContext } from './invocation.ts'

/** A transaction whose callback the caller is in. */
export interface Enclosing {
  /** Itself, or the nearest around it, that has not ended. */
  readonly live: Enclosing | undefined
}

/** Where in an invocation a call is made. */
interface Position {
  readonly invocation: Invocation
  readonly transaction: Enclosing | undefined
}

/** How AWS's durable execution SDK marks its contexts. */
const DURABLE = Symbol.for('@aws/durable-execution-sdk-js/durable-context')
const INSIDE_DURABLE =
  'wrap() or mysqlPool() inside withDurableExecution(): a suspension does not end this invocation; put wrap() around it'

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
  readonly #storage = new AsyncLocalStorage<Position>()
  readonly #active = new Set<Invocation>()
  readonly #carried = Symbol('invocation')
  /** Of readers: an invocation here has one there. */
  readonly #paired = new Set<Scope>()
  readonly #pairs = new WeakMap<Invocation, ReadonlyMap<Scope, Entry>>()
  readonly #slots: Slots
  readonly #settings: Settings
  readonly #events: Events
  readonly #serverLease: ServerLease
  readonly #inLambda = process.env.AWS_LAMBDA_RUNTIME_API !== undefined
  /** Lambda's ordinary mode, where the start of an invocation says that the one before is over. */
  readonly #oneAtATime = this.#inLambda && !severalAtOnce()
  #begun = false
  #over = false

  constructor(slots: Slots, settings: Settings, events: Events, serverLease: ServerLease) {
    this.#slots = slots
    this.#settings = settings
    this.#events = events
    this.#serverLease = serverLease
    this.outside = Invocation.outside(slots, settings)
  }

  /** The invocation of the caller: by its async context, else the only one there is, else nobody's. */
  get current(): Invocation {
    const position = this.#storage.getStore()
    if (position) return position.invocation
    const [only] = this.#active
    if (this.#active.size === 1 && (this.#oneAtATime || only?.phase === 'live')) return only as Invocation
    const live = [...this.#active].filter(({ phase }) => phase === 'live')
    if (live.length === 1) return live[0] as Invocation
    if (this.#begun && this.#inLambda) this.#tellOutside()
    return this.outside
  }

  /** The innermost transaction whose callback the caller is in. */
  get transaction(): Enclosing | undefined {
    return this.#storage.getStore()?.transaction?.live
  }

  /** From now on each invocation begins and ends on that pool, too; so do those that are under way. */
  pair(reader: Scope): void {
    for (const scope of this.#paired) if (scope.#over) this.#paired.delete(scope)
    if (this.#paired.has(reader)) return
    this.#paired.add(reader)
    for (const invocation of this.#active) this.#beginOn([reader], invocation, contextOf(invocation))
    const around = this.#storage.getStore()?.invocation
    const own = around && this.pairOf(around, reader)
    if (own) reader.#storage.enterWith({ invocation: own, transaction: undefined })
  }

  /** The invocation on a reader that belongs to this one. */
  pairOf(invocation: Invocation, reader: Scope): Invocation | undefined {
    return this.#pairs.get(invocation)?.get(reader)?.invocation
  }

  /** Starts an invocation, or joins the one that the caller is in. */
  begin(context: InvocationContext | undefined): Entry {
    const around = this.#storage.getStore()?.invocation
    if (around && this.#active.has(around)) return { invocation: around, joined: true }
    if (context && DURABLE in context) this.#events.tellOnce('durable', INSIDE_DURABLE)
    const invocation = Invocation.of(context, this.#slots, this.#settings)
    this.#serverLease.starts(invocation.remaining)
    if (this.#oneAtATime && around !== this.outside) this.#endEarlier(invocation)
    this.#active.add(invocation)
    this.#begun = true
    invocation.armDeadline(
      (incidents) => this.#tellDeadline(incidents),
      () => this.end(invocation, 'deadline')?.catch(() => {}), // nobody told us; a leak is on the log
    )
    if (this.#paired.size > 0) this.#beginOn(this.#paired, invocation, context)
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
    if (!invocation) return
    this.#storage.enterWith({ invocation, transaction: undefined })
    if (this.#paired.size === 0) return
    for (const [reader, own] of this.#begunWith(invocation))
      reader.#storage.enterWith({ invocation: own, transaction: undefined })
  }

  /** Ends what {@link beginRequest} started, not what it joined. */
  endRequest(request: object, by: EndedBy): Promise<void> | undefined {
    const invocation = this.#startedBy(request)
    return invocation && this.end(invocation, by)
  }

  /** Ends it, once. The promise, if there is one, resolves when what it left behind has been taken back. */
  end(invocation: Invocation, by: EndedBy): Promise<void> | undefined {
    if (!this.#active.delete(invocation)) return invocation.ending?.catch(() => {}) // its first caller has the leak
    invocation.ending = endInvocation(invocation, this.#settings.onLeak, this.#events)
    this.#events.emitEnd(invocation.id, by)
    if (this.#paired.size > 0) invocation.ending = this.#endPairs(invocation, by)
    return invocation.ending
  }

  /** Ends what {@link beginRequest} started when a body that is still to be sent has been read to its end, or given up. */
  endRequestAfter(request: object, body: Readable): void {
    finished(body, (error) => {
      const invocation = this.#startedBy(request)
      if (invocation && error) this.cutShort(invocation)
      this.endRequest(request, 'response stream')?.catch(() => {}) // a leak is on the log
    })
  }

  /** Whoever reads its answer has gone. */
  cutShort(invocation: Invocation): void {
    invocation.cutShort = true
    for (const [, own] of this.#begunWith(invocation)) own.cutShort = true
  }

  /** When the pool is over: no deadline is waited for any more. */
  disarm(): void {
    this.#over = true
    for (const invocation of this.#active) invocation.alarm?.clear()
  }

  run<T>(invocation: Invocation, work: () => T, transaction?: Enclosing): T {
    return this.#storage.run({ invocation, transaction }, work)
  }

  /** Runs a handler in what {@link begin} has started. */
  enter<T>(invocation: Invocation, work: () => T): T {
    if (this.#paired.size === 0) return this.run(invocation, work)
    const runAll = this.#begunWith(invocation).reduce<() => T>(
      (run, [reader, own]) =>
        () =>
          reader.run(own, run),
      work,
    )
    return this.run(invocation, runAll)
  }

  /** Runs what belongs to no invocation. */
  detach<T>(work: () => T): T {
    const runAll = [...this.#paired].reduce<() => T>((run, reader) => () => reader.detach(run), work)
    return this.run(this.outside, runAll)
  }

  /** Says once for each place that something is asked for inside a transaction's callback, and is not part of it. */
  tellBeside(what: string, place: Place): void {
    this.#events.tellOnce(
      `beside ${what} ${nearest(place)}`,
      `${what} inside a transaction() callback does not go through its tx: it runs on another connection, outside the transaction\n${framesOf(place)}`,
    )
  }

  /** Their end was never told to us. */
  #endEarlier(next: Invocation): void {
    for (const earlier of this.#active)
      if (!earlier.sameCall(next)) this.end(earlier, 'next invocation')?.catch(() => {}) // a leak is on the log
  }

  #beginOn(readers: Iterable<Scope>, invocation: Invocation, context: InvocationContext | undefined): void {
    const pairs = [...readers].map((reader) => [reader, reader.begin(context)] as const)
    this.#pairs.set(invocation, new Map([...(this.#pairs.get(invocation) ?? []), ...pairs]))
  }

  /** The invocations on readers that have begun with this one, and end with it. */
  #begunWith(invocation: Invocation): (readonly [Scope, Invocation])[] {
    const entries = [...(this.#pairs.get(invocation) ?? [])]
    return entries.filter(([, { joined }]) => !joined).map(([reader, entry]) => [reader, entry.invocation])
  }

  /** @throws WarmpoolError `LEAK` (rejects), the first that there is, when all have ended */
  async #endPairs(invocation: Invocation, by: EndedBy): Promise<void> {
    const pairs = this.#begunWith(invocation).map(([reader, own]) => reader.end(own, by))
    const ends = await Promise.allSettled([invocation.ending, ...pairs])
    for (const end of ends) if (end.status === 'rejected') throw end.reason
  }

  #startedBy(request: object): Invocation | undefined {
    return (request as Carrier)[this.#carried]
  }

  /** One line, whatever becomes of the errors. */
  #tellDeadline(incidents: string[]): void {
    if (incidents.length === 0) return
    this.#events.tell(`DEADLINE_EXCEEDED: ${incidents.join('; ')}`)
  }

  #tellOutside(): void {
    this.#events.tellOnce(
      'outside',
      'a query ran outside any invocation: nothing bounds it or cleans up after it; wrap the handler, or use pool.detach() if that is meant',
    )
  }
}

/** For another one with the same end. */
function contextOf({ id, deadline, stopTime }: Invocation): InvocationContext {
  const left = () => deadline + 2 * stopTime - clock.now()
  return { ...(id !== undefined && { awsRequestId: id }), getRemainingTimeInMillis: left }
}
