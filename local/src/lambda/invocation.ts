import { randomBytes, randomUUID } from 'node:crypto'

/** What a handler or a runtime reports when it fails, as Lambda hands it to the caller. */
export interface InvocationError {
  errorType: string
  errorMessage: string
  trace?: string[]
}

/** What the runtime posted for an invocation. */
export type Answer = { response: unknown } | { error: InvocationError }

/** One call of the handler on its way through the runtime. */
export class Invocation {
  readonly requestId = randomUUID()
  readonly body: string
  readonly headers: Record<string, string>
  /** Whether a Next call has been given it. */
  sent = false
  /** What the runtime has posted, if it has. */
  answer: Answer | undefined
  readonly #over = Promise.withResolvers<Answer>()

  /** @param deadline in milliseconds since the epoch */
  constructor(event: unknown, deadline: number, functionArn: string) {
    this.body = JSON.stringify(event)
    this.headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(this.body)),
      'lambda-runtime-aws-request-id': this.requestId,
      'lambda-runtime-deadline-ms': String(deadline),
      'lambda-runtime-invoked-function-arn': functionArn,
      'lambda-runtime-trace-id': traceId(),
    }
  }

  /** Resolves with the answer when the runtime, having posted it, calls Next; where several run at once, when it has posted it. */
  get over(): Promise<Answer> {
    return this.#over.promise
  }

  end(answer: Answer): void {
    this.#over.resolve(answer)
  }
}

function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16)
  const hex = (bytes: number) => randomBytes(bytes).toString('hex')
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`
}
