import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Invocation, InvocationError } from './invocation.ts'

const BASE = '/2018-06-01/runtime'
const ANSWER = new RegExp(`^${BASE}/invocation/([^/]+)/(response|error)$`)

/**
 * Lambda's Runtime API on a free port of the loopback, for one runtime. It takes one invocation at a time, or, where it is
 * `concurrent`, one for each Next, whether or not it has answered those before.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeApi {
  // A frozen client must find its kept-alive connections as it left them, so nothing here ever times out.
  readonly #server = createServer(
    { keepAliveTimeout: 0, requestTimeout: 0, headersTimeout: 0 },
    (request, response) => void this.#handle(request, response).catch(() => response.destroy()),
  )
  readonly #initError = Promise.withResolvers<InvocationError>()
  readonly #concurrent: boolean
  /** Next calls that wait, the one that has waited longest first. */
  readonly #parked: ServerResponse[] = []
  #nextCalled = Promise.withResolvers<void>()
  /** By request id: what has been delivered and is not over. */
  readonly #invocations = new Map<string, Invocation>()

  private constructor(concurrent: boolean) {
    this.#concurrent = concurrent
  }

  static async listen(concurrent = false): Promise<RuntimeApi> {
    const api = new RuntimeApi(concurrent)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    api.#server.once('error', reject).listen(0, '127.0.0.1', resolve)
    await promise
    return api
  }

  /** `host:port`, as AWS_LAMBDA_RUNTIME_API wants it. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  /**
   * Resolves when the runtime has called Next and waits: first at the end of INIT, which Lambda takes to be over when the first
   * of several threads does, again after each invocation.
   */
  get nextCalled(): Promise<void> {
    return this.#nextCalled.promise
  }

  /** Resolves if the runtime reports that INIT failed. */
  get initError(): Promise<InvocationError> {
    return this.#initError.promise
  }

  /**
   * Gives the invocation to the Next call that has waited longest, else to the next to come. When this returns with one waiting, the kernel
   * has the bytes (of a very large event as many as it takes), also when the runtime is frozen.
   */
  deliver(invocation: Invocation): void {
    this.#invocations.set(invocation.requestId, invocation)
    this.#send()
  }

  /** Nobody waits for it any more: what has not been sent never is, and the answer to what has been is taken and dropped. */
  withdraw(invocation: Invocation): void {
    if (!invocation.sent) this.#invocations.delete(invocation.requestId)
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
    const invocation = this.#invocations.get(String(requestId))
    if (!invocation) {
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
    }
    invocation.answer = kind === 'response' ? { response: parseResponse(body) } : { error: parseError(body) }
    accept(response)
    if (this.#concurrent) this.#finish(invocation)
  }

  #parkNext(response: ServerResponse): void {
    if (!this.#concurrent) {
      const sent = [...this.#invocations.values()].filter((invocation) => invocation.sent)
      if (sent.some((invocation) => !invocation.answer)) {
        return refuse(response, 403, 'InvalidStateTransition', 'The last invocation has no answer yet')
      }
      for (const invocation of sent) this.#finish(invocation)
    }
    this.#parked.push(response)
    response.once('close', () => this.#forgetNext(response))
    this.#nextCalled.resolve()
    this.#send()
  }

  #send(): void {
    for (const invocation of this.#invocations.values()) {
      if (invocation.sent) continue
      const [next] = this.#parked
      if (!next) return
      this.#forgetNext(next)
      invocation.sent = true
      // Node writes a response that ends in one piece at once, without waiting for a turn of the event loop.
      next.writeHead(200, invocation.headers).end(invocation.body)
    }
  }

  #finish(invocation: Invocation): void {
    this.#invocations.delete(invocation.requestId)
    if (invocation.answer) invocation.end(invocation.answer)
  }

  #forgetNext(response: ServerResponse): void {
    const place = this.#parked.indexOf(response)
    if (place < 0) return
    this.#parked.splice(place, 1)
    if (this.#parked.length === 0) this.#nextCalled = Promise.withResolvers()
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
