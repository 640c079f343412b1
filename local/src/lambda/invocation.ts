import { randomBytes, randomUUID } from 'node:crypto'
import type { StreamedBody, StreamedResponse } from './api/streamed-body.ts'
import type { InvocationError } from './invocation-error.ts'
import { LARGEST_EVENT } from './payload-limits.ts'

/** What the caller is given. */
export type Answer = ({ response: unknown } | { error: InvocationError }) & { streamed?: StreamedResponse }

/** One call of the handler on its way through the runtime. */
export class Invocation {
  readonly requestId = randomUUID()
  readonly body: string
  readonly timeout: number
  /** In milliseconds since the epoch. */
  deadline = 0
  readonly functionArn: string
  readonly #traceId = traceId()
  readonly #over = Promise.withResolvers<void>()
  /** When its timeout began to run, as `performance.now()` tells it. */
  #begun = 0
  /** When the runtime was let have it, as `performance.now()` tells it. */
  started = 0
  /** Whether the runtime has begun to post an answer, which then no other may take the place of. */
  taken = false
  /** Whether a Next call has been given it. */
  sent = false
  /** What the runtime streams, once it has begun. */
  streaming: StreamedBody | undefined
  /** How long after the start the answer was there, in milliseconds. */
  answeredMs: number | undefined
  #answer: Answer | undefined
  readonly #answered = Promise.withResolvers<void>()

  /**
   * @param timeout milliseconds
   * @throws Error in one sentence for an event that Lambda would not take
   */
  constructor(event: unknown, timeout: number, functionArn: string) {
    this.body = eventBody(event)
    this.timeout = timeout
    this.functionArn = functionArn
    this.begin()
  }

  /** Its time runs from now on. */
  begin(): void {
    this.#begun = performance.now()
    this.started = this.#begun
    this.deadline = Date.now() + this.timeout
  }

  /** What is left of its timeout, in milliseconds, 0 or more. */
  get left(): number {
    return Math.max(0, this.timeout - (performance.now() - this.#begun))
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

/**
 * The event as it is sent.
 *
 * @throws Error in one sentence if JSON cannot say it, or if it is larger than Lambda takes
 */
export function eventBody(event: unknown): string {
  const body = inJson(event)
  if (body === undefined) throw new Error(`The event is a ${typeof event}, but must be what JSON can say.`)
  const bytes = Buffer.byteLength(body)
  if (bytes <= LARGEST_EVENT) return body
  throw new Error(`The event has ${bytes} bytes, but Lambda takes at most ${LARGEST_EVENT}.`)
}

function inJson(event: unknown): string | undefined {
  try {
    return JSON.stringify(event)
  } catch (error) {
    const [why] = (error as Error).message.split('\n')
    throw new Error(`The event cannot be said in JSON: ${why}.`, { cause: error })
  }
}

function traceId(): string {
  const seconds = Math.floor(Date.now() / 1000).toString(16)
  const hex = (bytes: number) => randomBytes(bytes).toString('hex')
  return `Root=1-${seconds}-${hex(12)};Parent=${hex(8)};Sampled=0`
}
