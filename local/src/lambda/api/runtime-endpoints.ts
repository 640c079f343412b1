import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import type { Invocation } from '../invocation.ts'
import type { InvocationError } from '../invocation-error.ts'
import { LARGEST_RESPONSE } from '../payload-limits.ts'
import { parseError, parsePayload } from './payload.ts'
import { accept, refuse, wrongTime } from './replies.ts'
import { StreamedBody } from './streamed-body.ts'

const BASE = '/2018-06-01/runtime'
const ANSWER = new RegExp(`^POST ${BASE}/invocation/([^/]+)/(response|error)$`)

const TOO_LARGE = `Exceeded maximum allowed payload size (${LARGEST_RESPONSE} bytes).`
const OVERSIZED = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${LARGEST_RESPONSE} bytes).`,
}

/**
 * The Runtime API, for one runtime. It takes one invocation at a time, or, where it is `concurrent`, one for each Next, whether
 * or not it has answered those before.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
export class RuntimeEndpoints {
  readonly #initError = Promise.withResolvers<InvocationError>()
  readonly #firstNext = Promise.withResolvers<void>()
  readonly #concurrent: boolean
  /** Next calls that wait, the one that has waited longest first. */
  readonly #parked: ServerResponse[] = []
  /** By request id: what has been delivered and is not over. */
  readonly #invocations = new Map<string, Invocation>()
  #initialized = false

  constructor(concurrent: boolean) {
    this.#concurrent = concurrent
  }

  /** Resolves when the runtime first calls Next; where there are several threads, when the first of them does. */
  get firstNext(): Promise<void> {
    return this.#firstNext.promise
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

  /** Whether the call was one of this API. */
  async handle(route: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    const [, requestId, kind] = ANSWER.exec(route) ?? []
    if (route === `GET ${BASE}/invocation/next`) await this.#next(response)
    else if (route === `POST ${BASE}/init/error`) this.#failInit(await text(request), response)
    else if (kind !== undefined) await this.#take(String(requestId), kind, request, response)
    else return false
    return true
  }

  #failInit(body: string, response: ServerResponse): void {
    if (this.#initialized)
      return refuse(response, 403, 'InvalidStateTransition', wrongTime('Running', 'InitError', 'runtime'))
    accept(response)
    this.#initError.resolve(parseError(body))
  }

  async #take(
    requestId: string,
    kind: string,
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const invocation = this.#invocations.get(requestId)
    if (!invocation) {
      request.resume()
      return refuse(response, 400, 'InvalidRequestID', 'Invalid request ID')
    }
    if (invocation.taken) {
      request.resume()
      const state = `Invocation${kind === 'response' ? 'Response' : 'ErrorResponse'}`
      return refuse(response, 403, 'InvalidStateTransition', wrongTime('ResponseSent', state, 'runtime'))
    }
    const mode = kind === 'response' ? request.headers['lambda-runtime-function-response-mode'] : undefined
    if (mode !== undefined && mode !== 'streaming') return this.#refuseMode(invocation, request, response)
    invocation.taken = true // before the body has come: another answer may come meanwhile
    try {
      const tooLarge = await this.#takeBody(invocation, kind, mode, request)
      if (tooLarge) refuse(response, 413, 'RequestEntityTooLarge', TOO_LARGE)
      else accept(response)
    } finally {
      invocation.taken = invocation.answer !== undefined
    }
    if (this.#concurrent) this.#finish(invocation)
  }

  /** Whether the answer is larger than Lambda takes, which the caller is told in its place. */
  async #takeBody(invocation: Invocation, kind: string, mode: string | undefined, request: IncomingMessage) {
    if (mode === 'streaming') return this.#takeStream(invocation, request)
    const body = await text(request)
    if (kind === 'error') invocation.answerWith({ error: parseError(body) })
    else if (Buffer.byteLength(body) <= LARGEST_RESPONSE)
      invocation.answerWith({ response: parsePayload(body) })
    else {
      invocation.answerWith({ error: OVERSIZED })
      return true
    }
    return false
  }

  #refuseMode(invocation: Invocation, request: IncomingMessage, response: ServerResponse): void {
    request.resume()
    invocation.taken = true
    invocation.answerWith({ error: { errorType: 'Runtime.InvalidResponseModeHeader', errorMessage: '' } })
    refuse(response, 400, 'InvalidFunctionResponseMode', 'Invalid function response mode')
    if (this.#concurrent) this.#finish(invocation)
  }

  async #takeStream(invocation: Invocation, request: IncomingMessage): Promise<false> {
    const body = new StreamedBody(request, invocation.started)
    invocation.streaming = body
    const { whole, error } = await body.read()
    const streamed = body.soFar()
    const cut = { errorType: 'Runtime.TruncatedResponse', errorMessage: 'Response stream was cut short' }
    const wrong = whole ? error : cut
    if (wrong) invocation.answerWith({ error: wrong, streamed })
    else invocation.answerWith({ response: parsePayload(streamed.body.toString()), streamed })
    return false
  }

  async #next(response: ServerResponse): Promise<void> {
    if (!this.#concurrent) {
      for (const invocation of [...this.#invocations.values()].filter(({ sent }) => sent)) {
        // AWS's client does not wait until the end of a stream that failed has been sent before it calls Next.
        if (invocation.streaming) await invocation.answered
        if (!invocation.answer) return give(invocation, response) // once more, as the emulator does
        this.#finish(invocation)
      }
      if (response.closed) return
    }
    this.#parked.push(response)
    response.once('close', () => this.#forgetNext(response))
    this.#initialized = true
    this.#firstNext.resolve()
    this.#send()
  }

  #send(): void {
    for (const invocation of this.#invocations.values()) {
      if (invocation.sent) continue
      const [next] = this.#parked
      if (!next) return
      this.#forgetNext(next)
      invocation.sent = true
      give(invocation, next)
    }
  }

  #finish(invocation: Invocation): void {
    this.#invocations.delete(invocation.requestId)
    if (invocation.answer) invocation.end()
  }

  #forgetNext(response: ServerResponse): void {
    const place = this.#parked.indexOf(response)
    if (place >= 0) this.#parked.splice(place, 1)
  }
}

/** Node writes a response that ends in one piece at once, without waiting for a turn of the event loop. */
function give(invocation: Invocation, next: ServerResponse): void {
  next.writeHead(200, invocation.headers).end(invocation.body)
}
