import type { Breakdown } from './breakdown.ts'
import { carryOut, type Outcome } from './carry-out.ts'
import type { ContainerState } from './container-state.ts'
import type { Generation } from './generation.ts'
import { Invocation } from './invocation.ts'
import { Life } from './life.ts'
import { checkInvoke, type InvokeOptions } from './options.ts'
import { arnOf, type ContainerPlan } from './plan.ts'
import { type InvocationResult, resultOf } from './result.ts'
import type { RuntimeName } from './runtime.ts'

export type { ContainerState } from './container-state.ts'
export type { InvokeOptions } from './options.ts'
export type { InvocationFacts, InvocationResult } from './result.ts'

/** What a process has after the signal of {@link Container.stop}, in milliseconds. */
const STOP_GRACE = 500

/** See {@link Container.shutdown}. */
export interface ShutdownOptions {
  beforeKill?: (() => Promise<unknown>) | undefined
}

/**
 * One execution environment, which takes one invocation at a time unless it was told otherwise; made by `startContainer` and
 * `openContainer`.
 */
export class Container {
  readonly #plan: ContainerPlan
  readonly #life: Life
  readonly #arn: string
  readonly #running = new Set<Promise<InvocationResult>>()
  #underWay = 0
  /** Of an INIT phase that no invocation has told of. */
  #untoldInitMs: number | undefined

  constructor(plan: ContainerPlan) {
    this.#plan = plan
    this.#life = new Life(plan)
    this.#arn = arnOf(plan)
  }

  /** The runtime's process; of a cold or stopped container the last one. */
  get pid(): number {
    return this.#life.pid
  }

  /** What calls the handler here. */
  get runtime(): RuntimeName {
    return this.#plan.runtime.name
  }

  /** How long the last INIT took, in milliseconds: from the start of the processes until all had called Next, or it failed. */
  get initMs(): number {
    return this.#life.initMs
  }

  get state(): ContainerState {
    return this.#life.state.now
  }

  /** What the container printed, both streams, but no more than the last 256 to 512 KB. */
  get output(): string {
    return this.#life.output.text
  }

  /** The line of its output that a crash is known by. */
  get lastWords(): string | undefined {
    return this.#life.output.lastWords()
  }

  /** The container's own temporary directory, TMPDIR in its processes; it outlives them, and goes with the container. */
  get scratch(): string {
    return this.#life.directory.path
  }

  /** The INIT phase, which `openContainer` has run. Resolves with what went wrong; the container is cold then. */
  async init(): Promise<Breakdown | undefined> {
    const { initTimeout, initializationType } = this.#plan
    const broken = await this.#life.initialize('init', initTimeout)
    if (broken) await this.#life.end(this.#life.generation, broken)
    else if (this.state === 'starting') this.#life.state.move('ready')
    if (!broken && initializationType === 'on-demand') this.#untoldInitMs = this.initMs
    return broken
  }

  /**
   * Invokes the handler; resolves when runtime and extensions ask for the next event, or when the processes are gone. (The caller of a
   * deployed function has its answer when the runtime has posted it: `result.answeredMs`.) On a frozen container the invocation is
   * put in place first and then the processes are thawed, so they wake up to it; on a cold one INIT comes first, within
   * the same timeout.
   *
   * A handler that throws, a timeout (`Sandbox.Timedout`), a crash (`Runtime.ExitError`) and an INIT that fails are results with
   * `ok: false`. Timeout and crash end the processes and leave the container cold; where it takes several invocations at
   * once the handler's code runs on after a timeout, and a crash stops the container.
   *
   * @param event anything JSON can say in 6 MB (6291456 bytes); default `{}`
   * @param options.timeout in place of the function's, in milliseconds
   * @param options.beforeThaw on a frozen container, awaited when the invocation is in place and before the thaw. The deadline
   * waits with the event, so the time that it takes is a part of the timeout, though not of the duration.
   * @throws if the container is busy or stopped, or the event or an option is wrong, before anything is done; what `beforeThaw`
   * throws, after the invocation.
   */
  async invoke(event: unknown = {}, options: InvokeOptions = {}): Promise<InvocationResult> {
    this.#life.state.refuseStopped()
    const { concurrency } = this.#plan
    if (this.#underWay === (concurrency ?? 1)) {
      const takes = concurrency === undefined ? 'one invocation' : `${concurrency} invocations`
      throw new Error(`The container is busy: it takes ${takes} at a time, so await it or start another.`)
    }
    checkInvoke(options)
    const invocation = new Invocation(event, options.timeout ?? this.#plan.timeout, this.#arn)
    const running = this.#run(invocation, options.beforeThaw)
    this.#running.add(running)
    try {
      return await running
    } finally {
      this.#running.delete(running)
    }
  }

  /**
   * Freezes the processes once no invocation is under way; resolves when all their threads are stopped. A cold container has none.
   * @throws if the container takes several invocations at once: Lambda freezes none of those.
   */
  async freeze(): Promise<void> {
    if (this.#plan.concurrency !== undefined) {
      throw new Error('A container that takes several invocations at once is never frozen.')
    }
    await this.#idle()
    const { state } = this.#life
    state.refuseStopped()
    if (state.now === 'ready') state.move('frozen')
    if (state.now === 'frozen') await this.#life.generation?.freeze()
  }

  /** Lets frozen processes run on without an invocation. */
  thaw(): void {
    if (this.state !== 'frozen') return
    this.#life.state.move('ready')
    this.#life.generation?.thaw()
  }

  /**
   * Ends the container as Lambda does one that has been idle for long, once no invocation is under way: frozen processes are thawed
   * for it. Without an extension by SIGKILL; with one by SIGTERM to the runtime, SHUTDOWN to external extensions that asked
   * for it, and SIGKILL after 500 ms, or after 2000 ms where there are external ones.
   *
   * @param options.beforeKill awaited before the last SIGKILL, with which Lambda's whole machine goes
   */
  async shutdown({ beforeKill }: ShutdownOptions = {}): Promise<void> {
    await this.#idle()
    const { generation } = this.#life
    await this.#life.leave(generation && (() => generation.end('spindown', beforeKill)))
  }

  /**
   * Ends the processes, frozen or not, whatever they are doing; resolves when they are gone. By SIGKILL; after any other
   * signal they have 500 ms.
   */
  async stop({ signal = 'SIGKILL' }: { signal?: NodeJS.Signals } = {}): Promise<void> {
    const { generation } = this.#life
    await this.#life.leave(generation && (() => generation.stop(signal, STOP_GRACE)))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #idle(): Promise<void> {
    while (this.state === 'busy') await Promise.allSettled(this.#running)
  }

  async #run(invocation: Invocation, beforeThaw: InvokeOptions['beforeThaw']): Promise<InvocationResult> {
    const life = this.#life
    const from = this.state
    life.state.move('busy')
    this.#underWay++
    let outcome: Outcome = { broken: undefined }
    let generation: Generation | undefined
    try {
      if (from === 'cold') outcome = { broken: await this.#initialize(invocation) }
      generation = life.generation
      life.log.start(invocation.requestId)
      const manner = { beforeThaw, frozen: from === 'frozen', survivesTimeout: this.#several }
      if (generation && !outcome.broken) outcome = await carryOut(generation, invocation, manner)
      const result = this.#report(invocation, from === 'cold' ? life.initMs : undefined, outcome.broken)
      if (outcome.thrown) throw outcome.thrown.error
      return result
    } finally {
      this.#underWay--
      await this.#settle(generation, outcome.broken)
    }
  }

  /** INIT as a part of an invocation, whose time begins when the processes before are gone. */
  async #initialize(invocation: Invocation): Promise<Breakdown | undefined> {
    await this.#life.ended()
    invocation.begin()
    return this.#life.initialize('invoke', invocation.timeout)
  }

  #report(
    invocation: Invocation,
    suppressedInitMs: number | undefined,
    broken: Breakdown | undefined,
  ): InvocationResult {
    const life = this.#life
    const durationMs = performance.now() - invocation.started
    const { timeout } = invocation
    const initMs = this.#untoldInitMs
    this.#untoldInitMs = undefined
    const peakMemory = life.peakMemory()
    const result = resultOf(invocation, { durationMs, timeout, initMs, suppressedInitMs, peakMemory, broken })
    life.generation?.readOutput() // what the handler printed comes before the end
    life.log.end(result, broken)
    return result
  }

  /** An invocation is over: the processes take the next one, or are let go of. */
  async #settle(generation: Generation | undefined, broken: Breakdown | undefined): Promise<void> {
    const { state } = this.#life
    const survived = !broken || (broken.kind === 'late' && this.#several)
    if (broken && !survived) await this.#life.end(generation, broken)
    else if (this.#underWay === 0 && state.now === 'busy')
      state.move(this.#life.generation ? 'ready' : 'cold')
  }

  get #several(): boolean {
    return this.#plan.concurrency !== undefined
  }
}
