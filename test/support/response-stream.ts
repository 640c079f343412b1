import { once } from 'node:events'
import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Writable } from 'node:stream'
import { vi } from 'vitest'

/** What AWS's runtime lets a handler see of the request that its response is: an object of its own, no stream of Node's. */
const METHODS = ['cork', 'uncork', 'destroy', 'end', 'write', 'on', 'once', 'off', 'emit'] as const
const LISTENERS = ['addListener', 'prependListener', 'removeListener', 'removeAllListeners'] as const
const LOOKS = ['listeners', 'rawListeners', 'listenerCount', 'eventNames'] as const
const READ = [
  'destroyed',
  'writableFinished',
  'writableObjectMode',
  'writableEnded',
  'writableNeedDrain',
] as const
const READ_TOO = ['writableHighWaterMark', 'writableCorked', 'writableLength', 'writable'] as const

/** One response that is streamed, and whoever reads it. */
export class Response {
  readonly stream: Writable
  /** What has been read. */
  body = ''
  /** The whole of it. Rejects when it is cut short. */
  readonly whole: Promise<string>
  readonly #arrived = Promise.withResolvers<IncomingMessage>()

  constructor(port: number) {
    const sent = request({ port, method: 'POST', headers: { 'transfer-encoding': 'chunked' } }, (answer) =>
      answer.resume(),
    )
    sent.on('error', (error) => sent.destroy(error)) // as the runtime does
    const write = sent.write.bind(sent)
    Object.assign(sent, {
      setContentType: () => {},
      write: (chunk: unknown, ...rest: never[]) =>
        write(
          typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : `${JSON.stringify(chunk)}\n`,
          ...rest,
        ),
    })
    const shown = {}
    for (const method of [...METHODS, ...LISTENERS, ...LOOKS])
      Object.assign(shown, { [method]: sent[method].bind(sent) })
    for (const name of [...READ, ...READ_TOO])
      Object.defineProperty(shown, name, { get: () => sent[name as keyof typeof sent] })
    this.stream = Object.assign(shown, { setContentType: () => {} }) as unknown as Writable
    this.whole = this.#read()
    this.whole.catch(() => {})
  }

  /** Called by the server that it came to. */
  arrived(body: IncomingMessage): void {
    this.#arrived.resolve(body)
  }

  /** Reads the beginning of it, and then no more for now. */
  async begin(): Promise<void> {
    const body = await this.#arrived.promise
    while (this.body === '') await once(body, 'data')
    body.pause()
  }

  async readOn(): Promise<void> {
    ;(await this.#arrived.promise).resume()
  }

  /** The client has gone. */
  async goAway(): Promise<void> {
    ;(await this.#arrived.promise).destroy()
  }

  async #read(): Promise<string> {
    const body = await this.#arrived.promise
    body.on('data', (chunk) => {
      this.body += chunk
    })
    await once(body, 'end')
    return this.body
  }
}

/** Where responses are streamed to, as by AWS's runtime: requests over HTTP. And the global that it gives handlers. */
export class Responses implements AsyncDisposable {
  readonly #server: Server
  #opened: Response | undefined

  private constructor() {
    this.#server = createServer((body, answer) => {
      this.#opened?.arrived(body)
      body.once('end', () => answer.end())
      body.on('error', () => {})
    })
    vi.stubGlobal('awslambda', {
      streamifyResponse: (handler: object) =>
        Object.assign(handler, { [Symbol.for('aws.lambda.runtime.handler.streaming')]: 'response' }),
      HttpResponseStream: { from: (stream: object) => stream },
    })
  }

  static async listening(): Promise<Responses> {
    const responses = new Responses()
    await new Promise<void>((resolve) => responses.#server.listen(0, '127.0.0.1', resolve))
    return responses
  }

  /** One at a time. */
  open(): Response {
    this.#opened = new Response((this.#server.address() as AddressInfo).port)
    return this.#opened
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
    vi.unstubAllGlobals()
  }
}
