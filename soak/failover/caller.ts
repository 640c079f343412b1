import { setTimeout as sleep } from 'node:timers/promises'
import { type LocalLambda, localLambda, type RuntimeName } from 'warmpool-local'

/** Of an invocation, milliseconds: what hangs that long has failed. */
const TIMEOUT = 3000
/** Between two invocations, milliseconds. */
const PAUSE = 2

/** One invocation. Times are `performance.now()`. */
export interface Told {
  readonly began: number
  readonly ended: number
  readonly ok: boolean
}

/** A container that is never without an invocation: reads and writes in turns. */
export class Caller implements AsyncDisposable {
  /** The texts whose writing was acknowledged. */
  readonly acknowledged: string[] = []
  #told: Told[] = []
  readonly #lambda: LocalLambda
  readonly #who: string
  readonly #over: Promise<void>
  #heard = Promise.withResolvers<void>()
  #going = true

  private constructor(lambda: LocalLambda, who: string) {
    this.#lambda = lambda
    this.#who = who
    this.#over = this.#go()
  }

  static async start(handler: string, runtime: RuntimeName, url: string, who: string): Promise<Caller> {
    const env = { DATABASE_URL: url }
    return new Caller(await localLambda({ handler, bundle: false, runtime, timeout: TIMEOUT, env }), who)
  }

  /** Waits until `count` have ended that began at `since` or later. @returns all that have ended since then, and forgets them */
  async told(count: number, since: number): Promise<Told[]> {
    const ended = () => this.#told.filter(({ ended }) => ended >= since)
    while (ended().filter(({ began }) => began >= since).length < count) await this.#heard.promise
    const all = ended()
    this.#told = []
    return all
  }

  /** Ends with the invocation under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false
    await this.#over
    await this.#lambda[Symbol.asyncDispose]()
  }

  async #go(): Promise<void> {
    for (let count = 0; this.#going; count++) {
      const note = count % 2 === 0 ? undefined : `${this.#who} ${count}`
      const began = performance.now()
      const { ok } = await this.#lambda.invoke({ note })
      if (ok && note !== undefined) this.acknowledged.push(note)
      this.#told.push({ began, ended: performance.now(), ok })
      this.#heard.resolve()
      this.#heard = Promise.withResolvers()
      await sleep(PAUSE)
    }
  }
}
