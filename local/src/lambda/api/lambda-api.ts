import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Invocation } from '../invocation.ts'
import { ExtensionEndpoints, type ExtensionRules } from './extension-endpoints.ts'
import { refuse } from './replies.ts'
import { RuntimeEndpoints } from './runtime-endpoints.ts'

/** As the emulator answers extensions that want logs or telemetry: they go on without. */
const NOT_SUPPORTED = new Map([
  ['PUT /2020-08-15/logs', 'Logs'],
  ['PUT /2022-07-01/telemetry', 'Telemetry'],
])

/** Lambda's APIs for the processes of one container, on a free port of the loopback. */
export class LambdaApi {
  // A frozen client must find its kept-alive connections as it left them, so nothing here ever times out.
  readonly #server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
    (request, response) => void this.#handle(request, response).catch(() => response.destroy()),
  )
  readonly runtime: RuntimeEndpoints
  readonly extensions: ExtensionEndpoints

  private constructor(rules: ExtensionRules) {
    this.runtime = new RuntimeEndpoints(rules.managedInstances)
    this.extensions = new ExtensionEndpoints(rules)
  }

  static async listen(rules: ExtensionRules): Promise<LambdaApi> {
    const api = new LambdaApi(rules)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    api.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    await promise
    return api
  }

  /** `host:port`, as AWS_LAMBDA_RUNTIME_API wants it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when runtime and extensions have called Next for the first time. */
  async initialized(): Promise<void> {
    await this.runtime.firstNext
    this.extensions.close()
    await this.extensions.waiting()
  }

  /** Gives an invocation to the extensions that ask for them, and to the runtime. */
  deliver(invocation: Invocation): void {
    this.extensions.tell(invocation.extensionEvent)
    this.runtime.deliver(invocation)
  }

  /** Resolves when runtime and extensions have called Next again. */
  async over(invocation: Invocation): Promise<void> {
    await invocation.over
    await this.extensions.waiting()
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`
    if (await this.runtime.handle(route, request, response)) return
    if (await this.extensions.handle(route, request, response)) return
    request.resume()
    const what = NOT_SUPPORTED.get(route)
    if (what === undefined) return refuse(response, 404, 'NotFound', `There is no ${route}`)
    refuse(response, 202, `${what}.NotSupported`, `${what} API is not supported`)
  }
}
