import type { LocalLambda } from '../function/local-lambda.ts'
import type { LambdaResult } from '../function/result.ts'

/** A service's functions, each made when it is first invoked. One that could not be made is tried again by the next event. */
export class RunningFunctions implements AsyncDisposable {
  readonly #make: (name: string) => Promise<LocalLambda>
  readonly #made = new Map<string, Promise<LocalLambda>>()
  readonly #onMade: (lambda: LocalLambda) => void

  /**
   * @param make by its name in serverless.yml
   * @param onMade called for each that has been made
   */
  constructor(
    make: (name: string) => Promise<LocalLambda>,
    onMade: (lambda: LocalLambda) => void = () => {},
  ) {
    this.#make = make
    this.#onMade = onMade
  }

  /** @throws why the function could not be made; what goes wrong in it is a result */
  async invoke(name: string, event: unknown): Promise<LambdaResult> {
    return (await this.get(name)).invoke(event)
  }

  /** Makes it unless it has been made. @throws why it could not be */
  get(name: string): Promise<LocalLambda> {
    const before = this.#made.get(name)
    if (before) return before
    const lambda = this.#make(name)
    this.#made.set(name, lambda)
    lambda.then(this.#onMade, () => this.#made.delete(name))
    return lambda
  }

  /** Those that have been made. */
  async all(): Promise<LocalLambda[]> {
    const settled = await Promise.allSettled(this.#made.values())
    return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  }

  /** Ends all containers by Lambda's rules, busy ones when their invocations are over. */
  async shutdown(): Promise<void> {
    await Promise.all((await this.all()).map((lambda) => lambda.shutdown()))
  }

  /** Kills all containers. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all((await this.all()).map((lambda) => lambda[Symbol.asyncDispose]()))
    this.#made.clear()
  }
}
