import { FunctionContainer, type FunctionPlan } from './function-container.ts'

/** How many containers there may be, and what becomes of idle ones. */
export interface FleetLimits {
  readonly maxContainers: number
  /** Invocations that each takes at once. */
  readonly perContainer: number
  /** Milliseconds; undefined is never. */
  readonly freezeAfter: number | undefined
}

interface Member {
  readonly container: FunctionContainer
  /** Its invocations. */
  readonly running: Set<Promise<unknown>>
  /** Counted up with each invocation that ends. */
  lastUsed: number
  idle: NodeJS.Timeout | undefined
}

/** The containers of a function: which one an event goes to, as Lambda decides it. */
export class Fleet {
  readonly #limits: FleetLimits
  #members: Member[] = []
  /** Ended ones, of which the server may still have connections. */
  #ended: FunctionContainer[] = []
  #made = 0
  #uses = 0

  constructor(limits: FleetLimits) {
    this.#limits = limits
  }

  /** Without those that have ended by themselves, as far as no invocation is left in them. */
  get containers(): readonly FunctionContainer[] {
    this.#removeEnded()
    return this.#members.map(({ container }) => container)
  }

  /** With those that have ended. */
  get everyContainer(): readonly FunctionContainer[] {
    const { containers } = this
    return [...this.#ended, ...containers]
  }

  /** Those without an invocation. */
  get idle(): readonly FunctionContainer[] {
    this.#removeEnded()
    return this.#members.filter(({ running }) => running.size === 0).map(({ container }) => container)
  }

  /** One more, without an event. */
  add(plan: FunctionPlan): FunctionContainer {
    return this.#make(plan).container
  }

  /**
   * Runs an invocation in the container with room that was used last, else in a new one.
   *
   * @returns undefined if there can be no more
   */
  run<T>(
    plan: FunctionPlan,
    invocation: (container: FunctionContainer) => Promise<T>,
  ): Promise<T> | undefined {
    this.#removeEnded()
    const member = this.#newestWithRoom() ?? this.#makeIfAllowed(plan)
    return member && this.#occupy(member, () => invocation(member.container))
  }

  /** Takes out all containers, so that the next invocation makes a new one; each resolves when it is idle. */
  takeOut(): Promise<FunctionContainer>[] {
    const out = this.#members
    for (const member of out) this.#remove(member)
    return out.map(async ({ container, running }) => {
      await Promise.allSettled(running)
      return container
    })
  }

  async #occupy<T>(member: Member, run: () => Promise<T>): Promise<T> {
    clearTimeout(member.idle)
    const running = run()
    member.running.add(running)
    try {
      return await running
    } finally {
      member.running.delete(running)
      member.lastUsed = ++this.#uses
      if (member.container.state === 'stopped') this.#remove(member)
      else this.#freezeLater(member)
    }
  }

  #freezeLater(member: Member): void {
    const { freezeAfter } = this.#limits
    if (freezeAfter === undefined || member.running.size > 0 || !this.#members.includes(member)) return
    const { container } = member
    // Nobody waits for it, and what has ended meanwhile need not be frozen.
    member.idle = setTimeout(() => void container.freeze({}).catch(() => {}), freezeAfter)
  }

  #newestWithRoom(): Member | undefined {
    const { perContainer } = this.#limits
    const withRoom = this.#members.filter(
      ({ running, container }) => running.size < perContainer && container.state !== 'stopped',
    )
    return withRoom.toSorted((one, other) => other.lastUsed - one.lastUsed)[0]
  }

  #makeIfAllowed(plan: FunctionPlan): Member | undefined {
    return this.#members.length < this.#limits.maxContainers ? this.#make(plan) : undefined
  }

  #make(plan: FunctionPlan): Member {
    const container = new FunctionContainer(++this.#made, plan)
    const member: Member = { container, running: new Set(), lastUsed: 0, idle: undefined }
    this.#members.push(member)
    return member
  }

  /** A container may also end when no invocation sees it: it is killed, or its process crashes where that is the end of it. */
  #removeEnded(): void {
    const ended = this.#members.filter(
      ({ running, container }) => running.size === 0 && container.state === 'stopped',
    )
    for (const member of ended) this.#remove(member)
  }

  #remove(member: Member): void {
    clearTimeout(member.idle)
    if (!this.#members.includes(member)) return
    this.#members = this.#members.filter((other) => other !== member)
    const over = this.#ended.filter((container) => container.isOver)
    this.#ended = [...this.#ended.filter((container) => !over.includes(container)), member.container]
    for (const container of over) void container[Symbol.asyncDispose]()
  }
}
