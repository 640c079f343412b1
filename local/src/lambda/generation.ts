import { setTimeout as delay } from 'node:timers/promises'
import { LambdaApi } from './api/lambda-api.ts'
import type { Breakdown } from './breakdown.ts'
import { ContainerProcess } from './container-process.ts'
import { extensionEnvironment } from './environment.ts'
import type { ExtensionFile } from './extension-file.ts'
import type { Output } from './output.ts'
import { type Departure, type ShutdownReason, shutDown } from './shutdown.ts'

/** What a generation's processes are started from. */
export interface GenerationPlan {
  entry: string
  taskRoot: string
  env: Record<string, string>
  extensions: readonly ExtensionFile[]
  managedInstances: boolean
  output: Output
}

/**
 * The processes that live in a container at a time, extensions and runtime, and the API they talk to. A timeout or a crash ends
 * them all, and the container goes on with the next generation.
 */
export class Generation {
  readonly api: LambdaApi
  readonly #plan: GenerationPlan
  readonly #extensions = new Map<string, ContainerProcess>()
  readonly #broken = Promise.withResolvers<Breakdown>()
  #runtime: ContainerProcess | undefined
  #ended: Promise<void> | undefined

  private constructor(plan: GenerationPlan, api: LambdaApi) {
    this.#plan = plan
    this.api = api
    void api.runtime.initError.then((error) => this.#broken.resolve({ kind: 'reported', error }))
  }

  static async begin(plan: GenerationPlan): Promise<Generation> {
    const { env, extensions, managedInstances } = plan
    const about = {
      functionName: String(env.AWS_LAMBDA_FUNCTION_NAME),
      functionVersion: String(env.AWS_LAMBDA_FUNCTION_VERSION),
      handler: String(env._HANDLER),
    }
    const external = extensions.map(({ name }) => name)
    return new Generation(plan, await LambdaApi.listen({ about, external, managedInstances }))
  }

  /** The runtime's; undefined as long as there is none. */
  get pid(): number | undefined {
    return this.#runtime?.pid
  }

  /** Resolves when the first of the processes ends, expected or not, or reports that INIT failed. */
  get broken(): Promise<Breakdown> {
    return this.#broken.promise
  }

  /** Starts the extensions and, when they have registered, the runtime; resolves when all have called Next, else with what came instead. */
  async init(limit: number): Promise<Breakdown | undefined> {
    const patience = new AbortController()
    const late = delay(limit, { kind: 'late' as const, limit }, { signal: patience.signal })
    const outcome = await Promise.race([this.#start(), this.broken, late])
    patience.abort()
    return outcome
  }

  /** Stops every thread of every process; resolves when the kernel says so. */
  async freeze(): Promise<void> {
    await Promise.all(this.#processes().map((one) => one.freeze()))
  }

  thaw(): void {
    for (const one of this.#processes()) one.thaw()
  }

  /** Passes on what the processes have printed until now. */
  readOutput(): void {
    for (const one of this.#processes()) one.readOutput()
  }

  /** See {@link ContainerProcess.peakMemory}; of all processes together. */
  peakMemory(): number {
    return this.#processes().reduce((sum, one) => sum + one.peakMemory(), 0)
  }

  /** Ends the processes by Lambda's rules; resolves when they are gone. @param beforeKill see {@link Departure} */
  async end(reason: ShutdownReason, beforeKill?: Departure['beforeKill']): Promise<void> {
    const extensions = this.#extensions
    this.#ended ??= shutDown({ runtime: this.#runtime, extensions, api: this.api, reason, beforeKill })
    await this.#ended
    this.api.close()
  }

  /** Ends them by a signal, and those that it has not ended after the grace (in milliseconds) by SIGKILL. */
  async stop(signal: NodeJS.Signals, grace: number): Promise<void> {
    this.#ended ??= Promise.resolve()
    const all = this.#processes()
    for (const one of all) {
      one.signal(signal) // before the thaw, so that it is there when it wakes
      one.thaw()
    }
    await Promise.race([Promise.all(all.map((one) => one.exited)), delay(grace, undefined, { ref: false })])
    await Promise.all(all.map((one) => one.kill()))
    this.api.close()
  }

  #processes(): ContainerProcess[] {
    return [...this.#extensions.values(), ...(this.#runtime ? [this.#runtime] : [])]
  }

  async #start(): Promise<undefined> {
    const { entry, taskRoot, output, extensions } = this.#plan
    const env = { ...this.#plan.env, AWS_LAMBDA_RUNTIME_API: this.api.address }
    for (const extension of extensions) await this.#launch(extension, extensionEnvironment(env))
    await this.api.extensions.registered()
    if (this.#ended) return
    const runtime = await ContainerProcess.start({
      file: process.execPath,
      args: [entry],
      cwd: taskRoot,
      env,
      output,
    })
    this.#runtime = runtime
    this.#watch(runtime, undefined)
    if (this.#ended) await runtime.kill()
    await this.api.initialized()
  }

  async #launch({ name, file, args }: ExtensionFile, env: Record<string, string>): Promise<void> {
    try {
      const started = await ContainerProcess.start({ file, args, cwd: '/', env, output: this.#plan.output })
      this.#extensions.set(name, started)
      this.#watch(started, name)
    } catch (error) {
      this.#broken.resolve({ kind: 'launch', extension: name, why: (error as Error).message })
    }
  }

  #watch(child: ContainerProcess, extension: string | undefined): void {
    void child.exited.then((how) => {
      const kind = extension === undefined ? 'Runtime.ExitError' : 'Extension.Crash'
      const errorType = this.api.extensions.fatalError ?? kind
      this.#broken.resolve({ kind: 'exit', errorType, extension, how })
    })
  }
}
