import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Invocation, InvocationError } from './invocation.ts'

const BASE = '/2018-06-01/runtime'
const ANSWER = new RegExp(`^${BASE}/invocation/([^/]+)/(response|error)$`)

/**
 * Lambda's Runtime API on a free port of the loopback, for one runtime that takes one invocation at a time.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  // A frozen client must find its kept-alive connections as it left them, so nothing here ever times out.
  readonly #server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
    (request, response) => void this.#handle(request, response).catch(() => response.destroy()),
  )
  readonly #initError = Promise.withResolvers<InvocationError>()
  #next: ServerResponse | undefined
  #nextCalled = Promise.withResolvers<void>()
  #invocation: Invocation | undefined

  static async listen(): Promise<RuntimeApi> {
    const api = new RuntimeApi()
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    api.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    await promise
    return api
  }

  /** `host:port`, as AWS_LAMBDA_RUNTIME_API wants it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /** Resolves when the runtime has called Next and waits: first at the end of INIT, again after each invocation. */
  get nextCalled(): Promise<void> {
    return this.#nextCalled.promise
  }

  /** Resolves if the runtime reports that INIT failed. */
  get initError(): Promise<InvocationError> {
    return this.#initError.promise
  }

  /**
   * Gives the waiting Next call its invocation, else the next to come. When this returns with one waiting, the kernel
   * has the bytes (of a very large event as many as it takes), also when the runtime is frozen.
   */
  deliver(invocation: Invocation): void {
    this.#invocation = invocation
    this.#send()
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = `${request.method} ${request.url}`
    if (route === `GET ${BASE}/invocation/next`) return this.#parkNext(response)
    const body = await text(request)
    if (route === `POST ${BASE}/init/error`) {
      accept(response)
      return this.#initError.resolve(parseError(body))
    }
    const [, requestId, kind] = (request.method === 'POST' && ANSWER.exec(request.url ?? '')) || []
    if (kind === undefined) return refuse(response, 404, 'NotFound', `There is no ${route}`)
    const invocation = this.#invocation
    if (!invocation || invocation.requestId !== requestId) {
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
    }
    invocation.answer = kind === 'response' ? { response: parseResponse(body) } : { error: parseError(body) }
    accept(response)
  }

  #parkNext(response: ServerResponse): void {
    const last = this.#invocation
    if (last?.sent && !last.answer) {
      return refuse(response, 403, 'InvalidStateTransition', 'The last invocation has no answer yet')
    }
    if (last?.answer) {
      this.#invocation = undefined
      last.end(last.answer)
    }
    this.#next = response
    response.once('close', () => this.#forgetNext(response))
    this.#nextCalled.resolve()
    this.#send()
  }

  #send(): void {
    const next = this.#next
    const invocation = this.#invocation
    if (!next || !invocation) return
    this.#forgetNext(next)
    invocation.sent = true
    // Node writes a response that ends in one piece at once, without waiting for a turn of the event loop.
    next.writeHead(200, invocation.headers).end(invocation.body)
  }

  #forgetNext(response: ServerResponse): void {
    if (this.#next !== response) return
    this.#next = undefined
    this.#nextCalled = Promise.withResolvers()
  }
}

function accept(response: ServerResponse): void {
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"status":"OK"}\n')
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  response
    .writeHead(status, { 'content-type': 'application/json' })
    .end(JSON.stringify({ errorType, errorMessage }))
}

/** Lambda passes on whatever the runtime posts, JSON or not. */
function parseResponse(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

function parseError(body: string): InvocationError {
  const parsed = parseResponse(body)
  const error: Partial<InvocationError> =
    typeof parsed === 'object' && parsed ? parsed : { errorMessage: String(parsed) }
  return { ...error, errorType: error.errorType ?? 'Unknown', errorMessage: error.errorMessage ?? '' }
}
