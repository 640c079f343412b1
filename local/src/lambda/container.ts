import { setTimeout as delay } from 'node:timers/promises'
import type { ContainerProcess } from './container-process.ts'
import { type Answer, Invocation, type InvocationError } from './invocation.ts'
import { positiveMs } from './milliseconds.ts'
import type { RuntimeName } from './runtime.ts'
import type { RuntimeApi } from './runtime-api.ts'

/** What Lambda gives a process with an extension between SIGTERM and SIGKILL. */
const SHUTDOWN_GRACE = 500

/** `busy` from an invocation's invocation until the runtime asks for the next one; with several at once, until the last answer. */
export type ContainerState = 'ready' | 'busy' | 'frozen' | 'stopped'

/** How an invocation went; a handler that throws is a result too. */
export type InvocationResult = { requestId: string; durationMs: number } & (
  | { ok: true; response: unknown }
  | { ok: false; error: InvocationError }
)

/** See {@link Container.invoke}. */
export interface InvokeOptions {
  timeout?: number | undefined
  beforeThaw?: (() => Promise<unknown>) | undefined
}

/** What is known of a container when its INIT is done. */
export interface ContainerFacts {
  runtime: RuntimeName
  initMs: number
  timeout: number
  functionArn: string
  /** How many invocations it takes at once where that is several; undefined in Lambda's ordinary mode. */
  concurrency: number | undefined
}

/** One execution environment, which takes one invocation at a time unless it was told otherwise; made by `startContainer`. */
export class Container {
  readonly #process: ContainerProcess
  readonly #api: RuntimeApi
  readonly #facts: ContainerFacts
  #state: ContainerState = 'ready'
  #running: Promise<InvocationResult> | undefined
  #underWay = 0

  constructor(process: ContainerProcess, api: RuntimeApi, facts: ContainerFacts) {
    this.#process = process
    this.#api = api
    this.#facts = facts
    void process.exited.then(() => {
      this.#state = 'stopped'
      api.close()
    })
  }

  get pid(): number {
    return this.#process.pid
  }

  /** What calls the handler here. */
  get runtime(): RuntimeName {
    return this.#facts.runtime
  }

  /** From the process's start to the runtime's first Next. */
  get initMs(): number {
    return this.#facts.initMs
  }

  get state(): ContainerState {
    return this.#state
  }

  /** What the container printed, both streams, but no more than the last 256 to 512 KB. */
  get output(): string {
    return this.#process.output
  }

  /**
   * Invokes the handler; resolves when the runtime asks for the next invocation, or when the process is gone. On a
   * frozen container the invocation is put in place first and then the process thawed, so it wakes up to it.
   *
   * A handler that throws, a timeout (`Sandbox.Timedout`) and a crash (`Runtime.ExitError`) are results with `ok: false`. A
   * timeout kills the process, but not where it takes several invocations at once: there the handler's code runs on.
   *
   * @param event anything JSON can say; default `{}`
   * @param options.timeout in place of the function's, in milliseconds
   * @param options.beforeThaw on a frozen container, awaited when the invocation is in place and before the thaw
   * @throws if the container is busy or stopped.
   */
  async invoke(event: unknown = {}, options: InvokeOptions = {}): Promise<InvocationResult> {
    this.#refuseStopped()
    const { concurrency } = this.#facts
    if (this.#underWay === (concurrency ?? 1)) {
      const takes = concurrency === undefined ? 'one invocation' : `${concurrency} invocations`
      throw new Error(`The container is busy: it takes ${takes} at a time, so await it or start another.`)
    }
    const timeout = positiveMs('timeout', options.timeout ?? this.#facts.timeout)
    this.#running = this.#run(event, timeout, options.beforeThaw)
    return this.#running
  }

  /**
   * Freezes the process once the runtime waits in Next; resolves when all its threads are stopped.
   * @throws if the container takes several invocations at once: Lambda freezes none of those.
   */
  async freeze(): Promise<void> {
    if (this.#facts.concurrency !== undefined) {
      throw new Error('A container that takes several invocations at once is never frozen.')
    }
    while (this.#state === 'busy') await this.#running
    this.#refuseStopped()
    this.#state = 'frozen'
    await this.#process.freeze()
  }

  /** Lets a frozen process run on without an invocation. */
  thaw(): void {
    if (this.#state !== 'frozen') return
    this.#state = 'ready'
    this.#process.thaw()
  }

  /**
   * Ends the process, frozen or not; resolves when it is gone. SIGKILL is Lambda's way where there is no extension;
   * after any other signal the process has 500 ms.
   */
  async stop({ signal = 'SIGKILL' }: { signal?: NodeJS.Signals } = {}): Promise<void> {
    this.#process.signal(signal)
    this.#process.thaw()
    await Promise.race([this.#process.exited, delay(SHUTDOWN_GRACE, undefined, { ref: false })])
    await this.#process.kill()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  async #run(
    event: unknown,
    timeout: number,
    beforeThaw: InvokeOptions['beforeThaw'],
  ): Promise<InvocationResult> {
    const invocation = new Invocation(event, Date.now() + timeout, this.#facts.functionArn)
    const frozen = this.#state === 'frozen'
    this.#state = 'busy'
    this.#underWay++
    this.#api.deliver(invocation)
    if (frozen) await this.#wake(beforeThaw)
    const started = performance.now()
    const answer = await this.#outcome(invocation, timeout)
    if (--this.#underWay === 0 && this.#state === 'busy') this.#state = 'ready'
    const facts = { requestId: invocation.requestId, durationMs: performance.now() - started }
    return 'error' in answer ? { ok: false, ...answer, ...facts } : { ok: true, ...answer, ...facts }
  }

  async #wake(beforeThaw: InvokeOptions['beforeThaw']): Promise<void> {
    try {
      await beforeThaw?.()
    } finally {
      this.#process.thaw()
    }
  }

  /** An answer that was posted counts, whatever happens to the process after it. */
  async #outcome(invocation: Invocation, timeout: number): Promise<Answer> {
    const patience = new AbortController()
    const overdue = delay(timeout, undefined, { signal: patience.signal })
    const end = await Promise.race([invocation.over, this.#process.exited, overdue])
    patience.abort()
    if (typeof end === 'object') return end
    if (end === undefined) await this.#giveUp(invocation)
    if (invocation.answer) return invocation.answer
    if (end !== undefined) return failure('Runtime.ExitError', `Runtime exited with error: ${end}`)
    return failure('Sandbox.Timedout', `Task timed out after ${(timeout / 1000).toFixed(2)} seconds`)
  }

  async #giveUp(invocation: Invocation): Promise<void> {
    if (this.#facts.concurrency === undefined) await this.#process.kill()
    else this.#api.withdraw(invocation)
  }

  #refuseStopped(): void {
    if (this.#state === 'stopped') throw new Error('The container has stopped: start another.')
  }
}

function failure(errorType: string, errorMessage: string): Answer {
  return { error: { errorType, errorMessage } }
}
