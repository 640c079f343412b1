import { randomBytes, randomUUID } from 'node:crypto'
import type { StreamedBody, StreamedResponse } from './api/streamed-body.ts'
import type { InvocationError } from './invocation-error.ts'

/** What the caller is given. */
export type Answer = ({ response: unknown } | { error: InvocationError }) & { streamed?: StreamedResponse }

/** One call of the handler on its way through the runtime. */
export class Invocation {
  readonly requestId = randomUUID()
  readonly body: string
  /** In milliseconds since the epoch. */
  readonly deadline: number
  readonly functionArn: string
  readonly #traceId = traceId()
  readonly #over = Promise.withResolvers<void>()
  /** When the runtime was let have it, as `performance.now()` tells it. */
  started = performance.now()
  /** Whether a Next call has been given it. */
  sent = false
  /** What the runtime streams, once it has begun. */
  streaming: StreamedBody | undefined
  /** How long after the start the answer was there, in milliseconds. */
  answeredMs: number | undefined
  #answer: Answer | undefined
  readonly #answered = Promise.withResolvers<void>()

  constructor(event: unknown, deadline: number, functionArn: string) {
    this.body = JSON.stringify(event)
    this.deadline = deadline
    this.functionArn = functionArn
  }

  get headers(): Record<string, string> {
    return {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(this.body)),
      'lambda-runtime-aws-request-id': this.requestId,
      'lambda-runtime-deadline-ms': String(this.deadline),
      'lambda-runtime-invoked-function-arn': this.functionArn,
      'lambda-runtime-trace-id': this.#traceId,
    }
  }

  /** The event that extensions are given. */
  get extensionEvent() {
    return {
      eventType: 'INVOKE' as const,
      deadlineMs: this.deadline,
      requestId: this.requestId,
      invokedFunctionArn: this.functionArn,
      tracing: { type: 'X-Amzn-Trace-Id', value: this.#traceId },
    }
  }

  /** What the runtime has posted, if it has. */
  get answer(): Answer | undefined {
    return this.#answer
  }

  answerWith(answer: Answer): void {
    this.#answer = answer
    this.answeredMs = performance.now() - this.started
    this.#answered.resolve()
  }

  /** Resolves when the runtime has posted all of the answer. */
  get answered(): Promise<void> {
    return this.#answered.promise
  }

  /** Resolves when the runtime, having posted the answer, calls Next; where several run at once, when it has posted it. */
  get over(): Promise<void> {
    return this.#over.promise
  }

  end(): void {
    this.#over.resolve()
  }
}

function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16)
  const hex = (bytes: number) => randomBytes(bytes).toString('hex')
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`
}
