import { setTimeout as sleep } from 'node:timers/promises'
import type { Database, InvokeOptions, LocalLambda, RuntimeName } from 'warmpool-local'
import { localLambda } from 'warmpool-local'
import type { Found } from './handlers/orders.ts'

/** Of an invocation, milliseconds: what hangs that long has failed. */
const TIMEOUT = 3000

/** What is asked of a database; for silence, what a function asks of it. */
type Server = Pick<Database, 'url' | 'host' | 'port' | 'connections' | 'killConnections'>

export interface Sleeping {
  /** A bundle of soak/thaw/handlers. */
  readonly handler: string
  readonly runtime: RuntimeName
  readonly database: Server
  /** Where it finds the server; default directly, so that its kernel hears what the server's says. */
  readonly url?: string
  readonly env?: Readonly<Record<string, string>>
  /** Told of each invocation that fails: the error, and when. */
  readonly failed?: (what: string) => void
}

/** A container that sleeps between its invocations, before a server that is its own. */
export class Sleeper implements AsyncDisposable {
  readonly #database: Server
  readonly #lambda: LocalLambda
  readonly #failed: Sleeping['failed']

  private constructor(lambda: LocalLambda, database: Server, failed: Sleeping['failed']) {
    this.#failed = failed
    this.#lambda = lambda
    this.#database = database
  }

  static async start({
    handler,
    runtime,
    database,
    url = database.url,
    env,
    failed,
  }: Sleeping): Promise<Sleeper> {
    const variables = { ...env, DATABASE_URL: url }
    const lambda = await localLambda({ handler, bundle: false, runtime, timeout: TIMEOUT, env: variables })
    return new Sleeper(lambda, database, failed)
  }

  /** Asks for that many orders at once. @returns milliseconds that it took, or undefined when it failed */
  async ask(orders: number, options?: InvokeOptions): Promise<number | undefined> {
    const ids = Array.from({ length: orders }, (_, index) => index + 1)
    const result = await this.#lambda.invoke({ ids }, options)
    const found = result.ok ? (result.response as Found) : undefined
    if (found?.ids.join() === ids.join()) return found.took
    this.#failed?.(result.ok ? `not what was asked for: ${found?.ids}` : result.error.errorMessage)
    return undefined
  }

  /** @param nap milliseconds; default not a moment longer than it takes */
  async freeze(nap = 0): Promise<void> {
    await this.#lambda.freeze()
    if (nap > 0) await sleep(nap)
  }

  /** Has the server close all its connections; resolves with how many there were, when they are gone from its process list. */
  kill(): Promise<number> {
    return this.#database.killConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lambda[Symbol.asyncDispose]()
  }
}
