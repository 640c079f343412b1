import { GuardedDirectory } from '../database/guarded-directory.ts'
import type { Breakdown } from './breakdown.ts'
import { StateOfContainer } from './container-state.ts'
import { Generation } from './generation.ts'
import { Output } from './output.ts'
import { type ContainerPlan, generationPlan } from './plan.ts'
import { PlatformLog } from './platform-log.ts'

const KILLED_MEANWHILE: Breakdown = {
  kind: 'exit',
  errorType: 'Runtime.ExitError',
  extension: undefined,
  how: 'signal: killed',
}

/** The life of a container: its generations of processes one after the other, and what outlives them. */
export class Life {
  readonly state = new StateOfContainer()
  readonly plan: ContainerPlan
  readonly output: Output
  readonly log: PlatformLog
  readonly directory = new GuardedDirectory()
  /** The processes that there are, if any. */
  generation: Generation | undefined
  /** How long the last INIT took. */
  initMs = 0
  pid = 0
  #peakMemory = 0
  /** The end of a generation that is on its way out. */
  #ending: Promise<void> = Promise.resolve()
  #left: Promise<void> | undefined

  constructor(plan: ContainerPlan) {
    this.plan = plan
    this.output = new Output(plan.onOutput)
    this.log = new PlatformLog(plan)
  }

  /** Resolves when the processes that were on their way out are gone. */
  async ended(): Promise<void> {
    await this.#ending
  }

  /** Starts new processes; resolves when runtime and extensions have called Next, else with what came instead. */
  async initialize(phase: 'init' | 'invoke', limit: number): Promise<Breakdown | undefined> {
    await this.ended()
    const generation = await Generation.begin(generationPlan(this.plan, this.directory.path, this.output))
    if (this.state.now === 'stopped') {
      generation.api.close()
      return KILLED_MEANWHILE
    }
    this.generation = generation
    try {
      return await this.#initialize(generation, phase, limit)
    } catch (error) {
      this.generation = undefined
      await generation.end('failure')
      throw error
    }
  }

  /** The most memory in bytes that the processes, those before them included, have been seen to use. */
  peakMemory(): number {
    this.#peakMemory = Math.max(this.#peakMemory, this.generation?.peakMemory() ?? 0)
    return this.#peakMemory
  }

  /** Lets go of processes that are no good any more; resolves when they are gone. */
  async end(generation: Generation | undefined, { kind }: Breakdown): Promise<void> {
    if (this.generation !== generation || this.state.now === 'stopped') return this.#left ?? this.#ending
    this.generation = undefined
    // On Managed Instances an environment that has lost its processes is replaced by another one.
    if (this.plan.concurrency !== undefined)
      return this.leave(generation && (() => generation.end('failure')))
    this.state.move('cold')
    this.#ending = generation?.end(kind === 'late' ? 'timeout' : 'failure') ?? Promise.resolve()
    await this.#ending
  }

  /** Ends the processes in the given way, and the life. Once is enough. */
  async leave(endProcesses: (() => Promise<void>) | undefined): Promise<void> {
    this.#left ??= this.#leave(endProcesses)
    await this.#left
  }

  async #initialize(
    generation: Generation,
    phase: 'init' | 'invoke',
    limit: number,
  ): Promise<Breakdown | undefined> {
    void generation.broken.then((broken) => this.#whenIdle(generation, broken))
    this.log.initStart()
    const began = performance.now()
    const broken = await generation.init(limit)
    this.initMs = performance.now() - began
    this.pid = generation.pid ?? this.pid
    this.peakMemory()
    generation.readOutput()
    this.log.initEnd(phase, this.initMs, generation.api.extensions.all, broken)
    return broken
  }

  async #leave(endProcesses: (() => Promise<void>) | undefined): Promise<void> {
    this.state.move('stopped')
    await this.#ending
    await endProcesses?.()
    await this.directory.remove()
  }

  /** Processes may also end between invocations. One that is under way sees to it itself. */
  async #whenIdle(generation: Generation, broken: Breakdown): Promise<void> {
    if (['ready', 'frozen'].includes(this.state.now)) await this.end(generation, broken)
  }
}
