import { randomUUID } from 'node:crypto'
import { type Breakdown, endOfSentence, errorOf } from '../lambda/breakdown.ts'
import { Container, type ContainerState, type InvokeOptions } from '../lambda/container.ts'
import type { ContainerOptions } from '../lambda/options.ts'
import { planOf } from '../lambda/plan.ts'
import { Network } from '../network/network.ts'
import { ConnectionBook } from './connection-book.ts'
import type { FreezeOptions, FunctionDatabase, LocalLambdaOptions } from './options.ts'
import { type LambdaResult, type Start, unanswered } from './result.ts'
import { routed } from './route.ts'

/** What every container of a function is made from. */
export interface FunctionPlan extends Pick<LocalLambdaOptions, 'onOutput' | 'onPlatform'> {
  readonly options: ContainerOptions & { readonly env: Record<string, string> }
  /** The one to be reached by way of a network; undefined when there is none, or it has to be reached directly. */
  readonly database: FunctionDatabase | undefined
  /** What the user calls the handler, in place of the bundle's path. */
  readonly source: string
}

const KILLED = {
  errorType: 'Runtime.ExitError',
  errorMessage: 'The container was killed before the event came to it.',
}

/** One container of a function, with its network to the database. */
export class FunctionContainer {
  /** From 1 on, in the order in which they were made. */
  readonly number: number
  readonly #plan: FunctionPlan
  #ready: Promise<Container> | undefined
  #container: Container | undefined
  #network: Network | undefined
  #book: ConnectionBook | undefined
  #killed = false
  /** It never got as far as having a process that is ready. */
  #failed = false
  /** Why, where INIT has failed and is not tried again. */
  #broken: Breakdown | undefined
  #lateBy: number | undefined

  constructor(number: number, plan: FunctionPlan) {
    this.number = number
    this.#plan = plan
  }

  get state(): ContainerState {
    return this.#container?.state ?? (this.#killed || this.#failed ? 'stopped' : 'starting')
  }

  /** Whether it has ended, and the server has nothing of it any more, as far as our side of the network tells. */
  get isOver(): boolean {
    return this.state === 'stopped' && !this.#network?.connections.length
  }

  /** The process of the runtime; 0 before there is one. */
  get pid(): number {
    return this.#container?.pid ?? 0
  }

  /** What it printed, but no more than the last 256 to 512 KB. */
  get output(): string {
    return this.#container?.output ?? ''
  }

  /** What calls the handler; undefined while it starts. */
  get runtime(): Container['runtime'] | undefined {
    return this.#container?.runtime
  }

  /** Between it and the database, to be slowed down, held up or cut; undefined without a database. */
  get network(): Network | undefined {
    return this.#network
  }

  /** Makes it ready before there is an event. @throws Error if INIT fails other than by a kill */
  async provision(): Promise<void> {
    await this.#start('provisioned-concurrency').catch((error: unknown) => {
      if (!this.#killed) throw error
    })
    this.#book?.settle()
  }

  async invoke(event: unknown, options: InvokeOptions): Promise<LambdaResult> {
    const start = this.#startNow()
    const container = await this.#start('on-demand').catch(this.#unlessForeseen)
    await allPassedOn()
    if (!container || container.state === 'stopped') return this.#unanswered(start)
    const mark = this.#book?.begin()
    let isOver = false
    const beforeThaw = async () => {
      await options.beforeThaw?.()
      await allPassedOn()
      if (!isOver) this.#thawNetwork()
    }
    const invoked = container.invoke(event, { ...options, beforeThaw })
    await Promise.allSettled([invoked])
    await allPassedOn()
    isOver = true
    this.#thawNetwork() // where the end came before the thaw
    const connections = mark && this.#book?.end(mark)
    return { ...(await invoked), start, container: this.number, connections }
  }

  /** Freezes it once it is idle. */
  async freeze({ lateBy }: FreezeOptions): Promise<void> {
    if (lateBy !== undefined && !this.#network) {
      throw new Error(
        'freeze: lateBy needs a database whose connections the function has by way of a network.',
      )
    }
    const isFrozen = () => this.state === 'frozen'
    if (isFrozen()) return
    await this.#container?.freeze()
    if (!isFrozen()) return // an event came first
    this.#lateBy = lateBy
    if (lateBy !== undefined) this.#network?.freeze()
  }

  /** Thaws it without an event. */
  thaw(): void {
    if (this.state !== 'frozen') return
    this.#thawNetwork()
    this.#container?.thaw()
  }

  /**
   * Ends it by Lambda's rules: whole machine and all, so that what its processes have not closed themselves stays open at the server.
   * (Here it is this machine's kernel that would close it, as it outlives them.)
   */
  async shutdown(): Promise<void> {
    await this.#shutDown(async () => {
      await allPassedOn()
      this.#network?.blackhole()
    })
  }

  /** Ends it by Lambda's rules, but leaves nothing open at the server. */
  async retire(): Promise<void> {
    await this.#shutDown()
  }

  /** Ends it by SIGKILL, whatever it is doing. */
  async kill(): Promise<void> {
    this.#killed = true
    await this.#container?.stop()
    await this.#ready?.catch(() => undefined)
    this.#thawNetwork()
  }

  /** Which of the server's sessions are its own. */
  sessionsAmong(listed: ReadonlySet<number>): Set<number> {
    return this.#book?.sessionsAmong(listed) ?? new Set()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill()
    await this.#network?.[Symbol.asyncDispose]()
  }

  async #shutDown(beforeKill?: () => Promise<void>): Promise<void> {
    const container = await this.#ready?.catch(() => undefined)
    this.#thawNetwork()
    await container?.shutdown({ beforeKill })
  }

  /** That a container was killed while it started, or that its INIT has failed, is a result. */
  readonly #unlessForeseen = (error: unknown): undefined => {
    if (!this.#killed && !this.#broken) throw error
  }

  #unanswered(start: Start): LambdaResult {
    const requestId = randomUUID()
    const error = this.#broken && !this.#killed ? errorOf(this.#broken, requestId) : KILLED
    return unanswered(error, start, this.number, requestId)
  }

  #startNow(): Start {
    if (this.#ready === undefined || this.state === 'cold') return 'cold'
    return this.state === 'frozen' ? 'thawed' : 'warm'
  }

  #start(type: 'on-demand' | 'provisioned-concurrency'): Promise<Container> {
    this.#ready ??= this.#make(type).catch(async (error) => {
      this.#failed = true
      await this.#container?.stop()
      await this.#network?.[Symbol.asyncDispose]()
      throw error
    })
    return this.#ready
  }

  async #make(type: 'on-demand' | 'provisioned-concurrency'): Promise<Container> {
    const { options, database, source } = this.#plan
    const network = database && (await Network.to(database))
    this.#network = network
    this.#book = network && new ConnectionBook(network)
    const env = network && database ? routed(options.env, database, network.port) : options.env
    const plan = planOf({ ...options, env, ...(!options.concurrency && { initializationType: type }) })
    const { number } = this
    const { onOutput, onPlatform } = this.#plan
    const container = new Container({
      ...plan,
      onOutput: onOutput && ((line, stream) => onOutput(line, stream, number)),
      onPlatform: onPlatform && ((line) => onPlatform(line, number)),
    })
    this.#container = container
    if (this.#killed) {
      await container.stop()
      return container
    }
    const broken = await container.init()
    // On demand the invocation tries INIT again, and answers with its error.
    if (!broken || plan.initializationType === 'on-demand') return container
    this.#broken = broken
    throw new Error(`INIT of ${source} ${endOfSentence(broken, container.lastWords)}`)
  }

  #thawNetwork(): void {
    if (this.#lateBy !== undefined) this.#network?.thaw(this.#lateBy)
    this.#lateBy = undefined
  }
}

/**
 * Resolves when our networks have passed on what had come to their sockets: what the server did before it is said to have done
 * it, and what a container did before its last word, which came on another socket.
 */
function allPassedOn(): Promise<void> {
  return new Promise((resolve) => setImmediate(() => setImmediate(resolve)))
}
