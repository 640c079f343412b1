import {
  type Container,
  type Database,
  type InvocationResult,
  type InvokeOptions,
  type RuntimeName,
  startContainer,
} from 'warmpool-local'
import { whenGone } from '../server-view.ts'

export type HandlerName = 'getOrder' | 'placeOrder' | 'careless'

/** Whose handlers play: bundles, by name. */
export interface Contestant {
  readonly name: string
  readonly handlers: Record<HandlerName, string>
}

/** One contestant with its containers, before a server that is asked what happened. */
export class Stage implements AsyncDisposable {
  readonly contestant: Contestant
  readonly database: Database
  readonly runtime: RuntimeName
  /** Invocations so far. */
  invocations = 0
  readonly #props = new AsyncDisposableStack()

  constructor(contestant: Contestant, database: Database, runtime: RuntimeName) {
    this.contestant = contestant
    this.database = database
    this.runtime = runtime
  }

  /** Starts a container. @param runtime default the stage's @param url where it finds the database, default directly */
  async start(handler: HandlerName, runtime = this.runtime, url = this.database.url): Promise<Container> {
    const container = await startContainer({
      handler: this.contestant.handlers[handler],
      runtime,
      env: { DATABASE_URL: url },
    })
    return this.#props.use(container)
  }

  /** Keeps something until the stage is cleared. */
  use<T extends AsyncDisposable>(prop: T): T {
    return this.#props.use(prop)
  }

  async invoke(container: Container, event: object, options?: InvokeOptions): Promise<InvocationResult> {
    this.invocations++
    return container.invoke(event, options)
  }

  /** Stops the containers; resolves when the server has noticed. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#props.disposeAsync()
    await whenGone(this.database)
  }
}

/** The status of an HTTP API's answer; of one that failed as a whole, 500. */
export function statusOf(result: InvocationResult): number {
  return result.ok ? (result.response as { statusCode: number }).statusCode : 500
}
