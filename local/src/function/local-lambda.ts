import type { ProcessListRow } from '../database/administrator.ts'
import { GuardedDirectory } from '../database/guarded-directory.ts'
import type { InvokeOptions } from '../lambda/container.ts'
import { eventBody } from '../lambda/invocation.ts'
import { checkInvoke } from '../lambda/options.ts'
import { planOf } from '../lambda/plan.ts'
import { type Bundle, bundle } from './bundle.ts'
import { Fleet } from './fleet.ts'
import type { FunctionContainer, FunctionPlan } from './function-container.ts'
import {
  type FreezeOptions,
  type LocalLambdaOptions,
  type ResolvedOptions,
  resolveFreeze,
  resolveOptions,
} from './options.ts'
import { type LambdaResult, TOO_MANY, unanswered } from './result.ts'
import { canBeRouted } from './route.ts'

/** A row of the server's process list. */
export interface FunctionConnection extends ProcessListRow {
  /** The number of the container that has it, or had it when the server has not noticed yet that it is gone. */
  container: number
}

/**
 * A function as Lambda runs it: bundled, in as many containers as there are invocations at once, each a real process that is
 * frozen, thawed and ended by Lambda's rules, before a database whose connections are counted.
 *
 * @throws Error in one sentence: the first option or the first thing in the source that is wrong; with `provisioned`, why INIT
 * failed
 * @example
 * await using lambda = await localLambda({ handler: 'handlers/get-order.ts', database })
 * await lambda.invoke({ id: 1 })
 * await lambda.freeze()
 * await database.killConnections()
 * const { ok, start, connections } = await lambda.invoke({ id: 1 }) // true, 'thawed', { opened: 1, replaced: 1, … }
 */
export async function localLambda(options: LocalLambdaOptions): Promise<LocalLambda> {
  const resolved = resolveOptions(options)
  const lambda = new LocalLambda(resolved)
  try {
    await lambda.redeploy()
    return lambda
  } catch (error) {
    await lambda[Symbol.asyncDispose]()
    throw error
  }
}

/** See {@link localLambda}. */
export class LocalLambda implements AsyncDisposable {
  readonly #options: ResolvedOptions
  readonly #fleet: Fleet
  #directory: GuardedDirectory | undefined
  #bundle: Bundle | undefined
  #disposed = false

  /** Use {@link localLambda}. */
  constructor(options: ResolvedOptions) {
    this.#options = options
    const { maxContainers, concurrency: perContainer = 1, freezeAfter } = options
    this.#fleet = new Fleet({ maxContainers, perContainer, freezeAfter })
  }

  /** Those there are now, in the order in which they were made. */
  get containers(): readonly FunctionContainer[] {
    return this.#fleet.containers
  }

  /** What the containers that there are now have printed, one container after the other. */
  get output(): string {
    return this.#fleet.containers.map(({ output }) => output).join('')
  }

  /** The files that the bundle was made from, by their whole paths: those to watch. */
  get sources(): readonly string[] {
    return this.#bundle?.sources ?? []
  }

  /**
   * Invokes the handler: in the idle container that was used last, where a frozen one is thawed with the event in place; else in a
   * new one. Whatever goes wrong in the function is a result with `ok: false`, and so is Lambda's refusal past `maxContainers`:
   * `TooManyRequestsException`.
   *
   * @param event anything JSON can say in 6 MB (6291456 bytes); default `{}`
   * @param options.timeout in place of the function's, milliseconds
   * @param options.beforeThaw on a frozen container, awaited when the event is in place and before the thaw; its time is a part of
   * the timeout
   * @throws Error in one sentence if the event or an option is wrong, before anything is done; what `beforeThaw` throws, after the
   * invocation
   */
  async invoke(event: unknown = {}, options: InvokeOptions = {}): Promise<LambdaResult> {
    checkInvoke(options)
    eventBody(event) // what is wrong with it is said before there is a container for it
    const plan = this.#plan()
    return (
      (await this.#fleet.run(plan, (container) => container.invoke(event, options))) ??
      unanswered(TOO_MANY, 'throttled')
    )
  }

  /** Invokes the handler for all events at once; the results are in the events' order. */
  async invokeAll(events: readonly unknown[], options: InvokeOptions = {}): Promise<LambdaResult[]> {
    return Promise.all(events.map((event) => this.invoke(event, options)))
  }

  /** Freezes all idle containers, as Lambda does between invocations; resolves when each of their threads is stopped. */
  async freeze(options: FreezeOptions = {}): Promise<void> {
    const resolved = resolveFreeze(options)
    await Promise.all(
      this.#fleet.idle.map(async (container) => {
        // One that has ended meanwhile need not be frozen.
        const unlessEnded = (error: unknown) => container.state === 'stopped' || Promise.reject(error)
        await container.freeze(resolved).catch(unlessEnded)
      }),
    )
  }

  /** Thaws all frozen containers without an event. */
  thaw(): void {
    for (const container of this.#fleet.containers) container.thaw()
  }

  /**
   * Ends all containers by Lambda's rules, busy ones when their invocations are over; the next invocation is a cold one. A
   * container's connections stay open at the server unless an extension or a handler for SIGTERM closed them, until the server's
   * `wait_timeout`, or this function's disposal.
   */
  async shutdown(): Promise<void> {
    await Promise.all(this.#fleet.takeOut().map(async (idle) => (await idle).shutdown()))
  }

  /** Kills all containers, busy ones too; the next invocation is a cold one. */
  async kill(): Promise<void> {
    const { containers } = this.#fleet
    this.#fleet.takeOut()
    await Promise.all(containers.map((container) => container.kill()))
  }

  /**
   * Asks the server for the connections of this function's containers, those of ended ones included that it still has.
   *
   * @throws Error without a `database`, and where its connections cannot be led through a network
   */
  async connections(): Promise<FunctionConnection[]> {
    const { database } = this.#options
    if (database === undefined) {
      throw new Error('connections: localLambda() was not given a database to ask.')
    }
    if (!canBeRouted(database)) {
      throw new Error(
        `connections: those to ${database.host} go there directly, so they cannot be told from others.`,
      )
    }
    const rows = await database.connections()
    const listed = new Set(rows.map(({ Id }) => Id))
    const numbers = new Map(
      this.#fleet.everyContainer.flatMap((container) =>
        [...container.sessionsAmong(listed)].map((session) => [session, container.number] as const),
      ),
    )
    return rows.flatMap((row) => {
      const container = numbers.get(row.Id)
      return container === undefined ? [] : { ...row, container }
    })
  }

  /**
   * Bundles the source again and ends the containers of the old one, as a deploy does: those at work when they are idle.
   *
   * @throws Error in one sentence: the first thing that is wrong with the source; the old one then stays. When the function is
   * disposed of meanwhile, nothing: nothing is left of either then
   */
  async redeploy(): Promise<void> {
    this.#refuseDisposed()
    const before = this.#options.bundle ? await this.#bundleAgain() : undefined
    if (this.#disposed) return
    planOf(this.#plan().options) // what is wrong is said now, and not by the first invocation
    await Promise.all(this.#fleet.takeOut().map(async (idle) => (await idle).retire()))
    await before?.remove()
    if (this.#disposed) return
    const provisioned = Array.from({ length: this.#options.provisioned }, () => this.#fleet.add(this.#plan()))
    await Promise.all(provisioned.map((container) => container.provision()))
  }

  /** Kills all containers and deletes the bundle. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed = true
    this.#fleet.takeOut()
    await Promise.all(this.#fleet.everyContainer.map((container) => container[Symbol.asyncDispose]()))
    await this.#directory?.remove()
  }

  /** @returns where the bundle before lies */
  async #bundleAgain(): Promise<GuardedDirectory | undefined> {
    const { handler, external, sourceMaps = true } = this.#options
    const directory = new GuardedDirectory()
    try {
      this.#bundle = await bundle(handler, directory.path, { sourceMaps, ...(external && { external }) })
    } catch (error) {
      await directory.remove()
      throw error
    }
    if (this.#disposed) {
      await directory.remove()
      return undefined
    }
    const before = this.#directory
    this.#directory = directory
    return before
  }

  #refuseDisposed(): void {
    if (this.#disposed) throw new Error('The function has been disposed of: make another.')
  }

  #plan(): FunctionPlan {
    this.#refuseDisposed()
    const { handler, bundle, sourceMaps = true, database, env, onOutput, onPlatform } = this.#options
    const { exportName, timeout, memorySize, initTimeout, runtime, concurrency, extensions } = this.#options
    const given = { exportName, timeout, memorySize, initTimeout, runtime, concurrency, extensions }
    const nodeOptions = ['--enable-source-maps', env.NODE_OPTIONS ?? ''].join(' ').trim()
    const maps = bundle && sourceMaps && { NODE_OPTIONS: nodeOptions }
    return {
      options: { ...defined(given), handler: this.#bundle?.file ?? handler, env: { ...env, ...maps } },
      database: database && canBeRouted(database) ? database : undefined,
      source: handler,
      onOutput,
      onPlatform,
    }
  }
}

type Defined<T> = { [Name in keyof T]?: Exclude<T[Name], undefined> }

function defined<T extends object>(options: T): Defined<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Defined<T>
}
