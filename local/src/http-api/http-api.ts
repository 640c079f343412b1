import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { LambdaResult } from '../function/result.ts'
import { LARGEST_EVENT, sizeOf } from '../lambda/payload-limits.ts'
import { type CorsRules, preflight, withCors } from './cors.ts'
import { toEvent } from './event.ts'
import { answerInvoke, type InvocableFunction, type Invoker, isForLambda } from './invoke-api.ts'
import { matchRoute, type RouteKey } from './match-route.ts'
import { type ApiRequest, type ApiRequestWithoutBody, readRequest } from './request.ts'
import {
  type ApiResponse,
  INTERNAL_SERVER_ERROR,
  NOT_FOUND,
  SERVICE_UNAVAILABLE,
  TOO_LARGE,
  toResponse,
} from './response.ts'

/** What an API is in front of; times in milliseconds. */
export interface HttpApiOptions {
  readonly routes: readonly ApiRoute[]
  /** Those that Lambda's Invoke API knows, with or without a route. */
  readonly functions: readonly InvocableFunction[]
  readonly invoke: Invoker
  readonly cors?: CorsRules | undefined
  /** Called when a request has been answered. */
  readonly onAnswer?: ((answer: Answered) => void) | undefined
  /** How long a function may take to answer; default 30000, an HTTP API's limit. The function itself runs on. */
  readonly integrationTimeout?: number
}

/** A route and the function behind it. */
export interface ApiRoute extends RouteKey {
  readonly functionName: string
}

/** How a request went. */
export interface Answered {
  readonly method: string
  readonly path: string
  readonly statusCode: number
  readonly durationMs: number
  /** Undefined where no function was meant. */
  readonly functionName?: string | undefined
  /** Undefined where none was invoked, or its answer was not waited for. */
  readonly result?: LambdaResult | undefined
  /** Why the caller got no answer of the function, or another. */
  readonly complaint?: string | undefined
}

type Outcome = Omit<Answered, 'method' | 'path' | 'statusCode' | 'durationMs'> & {
  readonly response: ApiResponse
}

type AnyRequest = ApiRequest | ApiRequestWithoutBody

/** How long a client may take to read its answer when the API ends, milliseconds. */
const PATIENCE = 5000

/** @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const INTEGRATION_TIMEOUT = 30_000

/**
 * An HTTP API as AWS has it, in front of local functions: payload version 2.0, whole answers (an HTTP API streams none). On the same port
 * Lambda's Invoke API, so that an AWS SDK's client with this `endpoint` invokes them.
 *
 * @example
 * await using api = await HttpApi.listen({ routes, functions, invoke }, { port: 3000 })
 */
export class HttpApi implements AsyncDisposable {
  readonly #server: Server
  readonly #options: HttpApiOptions
  /** Those that have been read and are not answered yet. */
  readonly #underWay = new Set<Promise<void>>()
  /** Those whose answers have not been taken yet. */
  readonly #replies = new Set<Promise<unknown>>()
  #draining = false

  private constructor(options: HttpApiOptions) {
    this.#options = options
    this.#server = createServer((message, reply) => void this.#serve(message, reply))
  }

  /**
   * @param at.host default 127.0.0.1
   * @param at.port 0 takes a free one
   * @throws what the system says when the port cannot be had: EADDRINUSE when it is taken
   */
  static async listen(options: HttpApiOptions, at: { host?: string; port: number }): Promise<HttpApi> {
    const api = new HttpApi(options)
    api.#server.listen(at.port, at.host ?? '127.0.0.1')
    await once(api.#server, 'listening')
    return api
  }

  /** `http://127.0.0.1:3000` */
  get url(): string {
    const { address, family, port } = this.#server.address() as AddressInfo
    return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
  }

  /**
   * Takes no more requests; resolves when those under way have been answered. One of which only a part has come is not under way; a
   * client that does not take its answer is given 5 seconds.
   */
  async drain(): Promise<void> {
    this.#draining = true
    this.#server.close()
    while (this.#underWay.size > 0) await Promise.all(this.#underWay)
    await Promise.race([Promise.all(this.#replies), delay(PATIENCE, undefined, { ref: false })])
    this.#server.closeAllConnections()
  }

  /** Does not wait for what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #serve(message: IncomingMessage, reply: ServerResponse): Promise<void> {
    const started = performance.now()
    const closed = new Promise((resolve) => reply.once('close', resolve))
    const request = await readRequest(message).catch(() => undefined)
    if (request === undefined) return // its client is gone
    keptIn(this.#replies, closed)
    const answering = this.#answer(request, reply, started).catch((error: Error) => {
      process.emitWarning(error)
      if (!reply.headersSent) reply.destroy()
    })
    keptIn(this.#underWay, answering)
  }

  async #answer(request: AnyRequest, reply: ServerResponse, started: number): Promise<void> {
    const { method, path } = request
    const { response, ...outcome } = await this.#outcome(request).catch(failed)
    if (this.#draining || request.body === undefined) reply.setHeader('connection', 'close')
    const wrong = send(reply, response)
    const { statusCode } = reply
    const durationMs = performance.now() - started
    const complaint =
      wrong === undefined
        ? outcome.complaint
        : `${outcome.functionName ?? 'the API'} answered what cannot be sent: ${wrong}`
    this.#options.onAnswer?.({ method, path, statusCode, durationMs, ...outcome, complaint })
  }

  async #outcome(request: AnyRequest): Promise<Outcome> {
    const { functions, invoke, cors } = this.#options
    if (isForLambda(request)) return answerInvoke(request, functions, invoke)
    if (request.body === undefined) return { response: TOO_LARGE }
    if (cors === undefined) return this.#ofFunction(request)
    const asked = preflight(cors, request)
    if (asked) return { response: asked }
    const outcome = await this.#ofFunction(request)
    return { ...outcome, response: withCors(cors, request, outcome.response) }
  }

  async #ofFunction(request: ApiRequest): Promise<Outcome> {
    const { routes, invoke, integrationTimeout = INTEGRATION_TIMEOUT } = this.#options
    const match = matchRoute(routes, request.method, request.path)
    if (match === undefined) return { response: NOT_FOUND }
    const { functionName } = match.route
    const event = toEvent(request, match)
    const size = sizeOf(event)
    if (size > LARGEST_EVENT) {
      const complaint = `${functionName} was not invoked: its event would have ${size} bytes, and Lambda takes ${LARGEST_EVENT}`
      return { functionName, response: TOO_LARGE, complaint }
    }
    const patience = new AbortController()
    const result = await Promise.race([
      invoke(functionName, event),
      delay(integrationTimeout, undefined, { signal: patience.signal, ref: false }),
    ]).finally(() => patience.abort())
    if (result === undefined) {
      const complaint = `${functionName} had not answered after ${integrationTimeout} ms, an HTTP API's limit`
      return { functionName, response: SERVICE_UNAVAILABLE, complaint }
    }
    if (result.start === 'throttled') return { functionName, result, response: SERVICE_UNAVAILABLE }
    if (!result.ok) return { functionName, result, response: INTERNAL_SERVER_ERROR }
    const response = toResponse(result.response)
    if (typeof response !== 'string') return { functionName, result, response }
    const complaint = `${functionName} answered what an HTTP API does not understand: ${response}`
    return { functionName, result, response: INTERNAL_SERVER_ERROR, complaint }
  }
}

/** The function could not be made. */
function failed(error: Error): Outcome {
  return { response: INTERNAL_SERVER_ERROR, complaint: error.message.replace(/\.$/, '') }
}

/** @returns why a 500 was sent in its place: some headers are refused only when they are written */
function send(reply: ServerResponse, response: ApiResponse): string | undefined {
  try {
    write(reply, response)
    return undefined
  } catch (error) {
    for (const name of reply.getHeaderNames()) reply.removeHeader(name)
    write(reply, INTERNAL_SERVER_ERROR)
    return (error as Error).message
  }
}

function write(reply: ServerResponse, { statusCode, headers, body }: ApiResponse): void {
  reply.statusCode = statusCode
  for (const [name, value] of headers) reply.appendHeader(name, value)
  if (statusCode !== 204 && statusCode !== 304) reply.setHeader('content-length', body.length)
  // Not end(body): from then on it is idle to Node's close(), and is broken off in the middle.
  if (body.length > 0) reply.write(body, () => reply.end())
  else reply.end()
}

function keptIn<Result>(set: Set<Promise<Result>>, promise: Promise<Result>): void {
  set.add(promise)
  void promise.finally(() => set.delete(promise))
}
