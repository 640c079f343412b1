import type { IncomingMessage } from 'node:http'
import type { InvocationError } from '../invocation-error.ts'
import { parseError, parsePayload } from './payload.ts'

/** With this content type the body begins with JSON, which ends at eight NUL bytes: status, headers and cookies. */
const WITH_METADATA = 'application/vnd.awslambda.http-integration-response'
const SEPARATOR = Buffer.alloc(8)

/** What `awslambda.HttpResponseStream.from(stream, metadata)` was given. */
export interface ResponseMetadata {
  statusCode?: number
  headers?: Record<string, string>
  cookies?: string[]
  [other: string]: unknown
}

/** A response that the handler streamed, or as much of one as has come. */
export interface StreamedResponse {
  contentType: string
  metadata?: ResponseMetadata
  /** The body, without the metadata before it. */
  body: Buffer
  /** Its pieces, with the milliseconds from the invocation's start until each came. */
  chunks: { data: Buffer; atMs: number }[]
}

/** A streamed response while it comes. */
export class StreamedBody {
  readonly #request: IncomingMessage
  readonly #started: number
  readonly #pieces: { data: Buffer; atMs: number }[] = []

  /** @param started when the invocation did, as `performance.now()` tells it */
  constructor(request: IncomingMessage, started: number) {
    this.#request = request
    this.#started = started
  }

  /** Resolves when no more comes; `whole` says whether that is because it has ended. */
  async read(): Promise<{ whole: boolean; error: InvocationError | undefined }> {
    try {
      for await (const data of this.#request)
        this.#pieces.push({ data, atMs: performance.now() - this.#started })
    } catch {
      return { whole: false, error: undefined }
    }
    return { whole: true, error: this.#errorInTrailers() }
  }

  soFar(): StreamedResponse {
    const contentType = String(this.#request.headers['content-type'] ?? '')
    const all = Buffer.concat(this.#pieces.map(({ data }) => data))
    const end = contentType === WITH_METADATA ? all.indexOf(SEPARATOR) : -1
    const metadata = end < 0 ? undefined : parsePayload(all.subarray(0, end).toString())
    if (typeof metadata !== 'object' || metadata === null)
      return { contentType, body: all, chunks: [...this.#pieces] }
    const from = end + SEPARATOR.length
    return {
      contentType,
      metadata: metadata as ResponseMetadata,
      body: all.subarray(from),
      chunks: this.#piecesFrom(from),
    }
  }

  #piecesFrom(start: number): StreamedResponse['chunks'] {
    let before = 0
    return this.#pieces.flatMap(({ data, atMs }) => {
      const skipped = Math.max(0, start - before)
      before += data.length
      return skipped < data.length ? [{ data: data.subarray(skipped), atMs }] : []
    })
  }

  /** How the runtime tells that the handler failed when its response was under way already. */
  #errorInTrailers(): InvocationError | undefined {
    const { trailers } = this.#request
    const errorType = trailers['lambda-runtime-function-error-type']
    const body = trailers['lambda-runtime-function-error-body']
    if (errorType === undefined && body === undefined) return undefined
    const told = parseError(Buffer.from(body ?? '', 'base64').toString() || '{}')
    return { ...told, errorType: errorType ?? told.errorType }
  }
}
