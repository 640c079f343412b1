import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from '../../local/src/database/database.ts'
import { type LocalLambda, localLambda } from '../../local/src/function/local-lambda.ts'
import type { FunctionDatabase } from '../../local/src/function/options.ts'
import type { InvokeOptions } from '../../local/src/lambda/options.ts'
import type { RuntimeName } from '../../local/src/lambda/runtime.ts'
import { killSessions } from '../../scripts/kill-sessions.ts'
import type { Asked, Event } from './handlers/asked.ts'

/** For the network's `delay`, milliseconds. It waits in whole ones, and not for the last: of 2 it makes a little more than 1. */
export interface Delay {
  readonly toServer: number
  readonly toClient: number
}

/** For what is not waited for, to have come: more than a timer is late. Milliseconds. */
const SLACK = 3
/** Such a time frozen that the wall clock has moved on, milliseconds. */
const NAP = 5
/** Of an invocation, milliseconds: what hangs that long has failed. */
const TIMEOUT = 2000

/** A container that sleeps between its invocations, with what it has connected to. */
export class Sleeper implements AsyncDisposable {
  readonly #lambda: LocalLambda
  readonly #database: Database
  #delay: Delay = { toServer: 0, toClient: 0 }

  private constructor(lambda: LocalLambda, database: Database) {
    this.#lambda = lambda
    this.#database = database
  }

  /** @param by the way to the server, default direct */
  static async start(
    handler: string,
    runtime: RuntimeName,
    database: Database,
    by: FunctionDatabase = database,
  ): Promise<Sleeper> {
    const lambda = await localLambda({ handler, bundle: false, runtime, database: by, timeout: TIMEOUT })
    const sleeper = new Sleeper(lambda, database)
    if (!(await sleeper.ask())) throw new Error(`The first invocation failed:\n${lambda.output}`)
    return sleeper
  }

  set delay(delay: Delay) {
    this.#delay = delay
    for (const { network } of this.#lambda.containers)
      if (network) [network.toServer.delay, network.toClient.delay] = [delay.toServer, delay.toClient]
  }

  /** Invokes it; resolves with undefined when that failed. */
  async ask(event: Event = {}, options: InvokeOptions = {}): Promise<Asked | undefined> {
    const result = await this.#lambda.invoke(event, options)
    if (!result.ok) this.delay = this.#delay // perhaps it is another container by now
    return result.ok ? (result.response as Asked) : undefined
  }

  /** @returns of a query on a connection that was used just before, milliseconds */
  async roundTrips(count: number): Promise<readonly number[]> {
    const asked = await this.ask({ queries: count + 1 })
    if (!asked) throw new Error('An invocation failed to which nothing was done.')
    return asked.took.slice(1)
  }

  async freeze(): Promise<void> {
    await this.#lambda.freeze()
    await sleep(NAP)
  }

  /** Thaws it with a question. @returns milliseconds of its query, undefined when it failed */
  async wake(): Promise<number | undefined> {
    return (await this.ask())?.took[0]
  }

  /**
   * Freezes it with one connection, which the server closes, and thaws it with a question.
   *
   * @param late how long after the thaw the container hears of that, milliseconds; without it, its kernel has heard of it by the
   * thaw, but only after the question
   * @returns milliseconds of its query, undefined when it failed
   */
  async wakeWithoutConnection(late?: number): Promise<number | undefined> {
    const asked = (await this.ask()) ?? (await this.ask())
    if (!asked) throw new Error('Two invocations failed to which nothing was done.')
    await this.#lambda.freeze(late === undefined ? {} : { lateBy: late })
    const beforeThaw = async () => {
      await killSessions(this.#database, [asked.connection])
      await sleep(late === undefined ? this.#delay.toClient + SLACK : NAP)
    }
    return (await this.ask({}, { beforeThaw }))?.took[0]
  }

  /** Resolves when what was to come so much later has come. */
  async hearsAll(late: number): Promise<void> {
    await sleep(late + this.#delay.toClient + SLACK)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lambda[Symbol.asyncDispose]()
  }
}
