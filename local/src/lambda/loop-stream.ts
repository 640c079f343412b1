/** Response streaming for the stand-in of AWS's runtime client: the globals that handlers expect, and the stream they write to. */
import { type ClientRequest, request } from 'node:http'
import { buffer } from 'node:stream/consumers'
import { describeError } from './loop-error.ts'

const STREAMING = Symbol.for('aws.lambda.runtime.handler.streaming')
const WITH_METADATA = 'application/vnd.awslambda.http-integration-response'

/** What a streaming handler writes to. */
export interface ResponseStream extends ClientRequest {
  setContentType(type: string): void
}

/** A handler that writes its response. */
export type StreamingHandler = (event: unknown, stream: ResponseStream, context: object) => Promise<unknown>

/** Gives handlers `awslambda`, as far as response streaming needs it. */
export function setGlobals(): void {
  const streamifyResponse = (handler: object) => Object.assign(handler, { [STREAMING]: 'response' })
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream: { from: withMetadata } } })
}

export function isStreaming(handler: object): handler is StreamingHandler {
  return (handler as Record<symbol, unknown>)[STREAMING] === 'response'
}

/** Calls the handler with a stream to `url`; resolves when the response has been sent and taken. */
export async function streamResponse(
  url: string,
  handle: (stream: ResponseStream) => Promise<unknown>,
): Promise<void> {
  const headers = {
    'content-type': 'application/octet-stream',
    'lambda-runtime-function-response-mode': 'streaming',
    'transfer-encoding': 'chunked',
    trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
  }
  const stream = request(url, { method: 'POST', headers }) as ResponseStream
  stream.setContentType = (type) => void stream.setHeader('content-type', type)
  const write = stream.write.bind(stream)
  stream.write = (chunk: unknown, ...rest: never[]) => write(bytesOf(chunk), ...rest)
  const { promise: taken, resolve, reject } = Promise.withResolvers<void>()
  stream.once('response', (response) => buffer(response).then(() => resolve(), reject))
  stream.on('error', reject)
  taken.catch(() => {})
  try {
    await handle(stream)
    await taken
    if (!stream.writableFinished) throw new Error('Response stream is not finished.')
  } catch (error) {
    console.error('Invoke Error', error)
    await fail(stream, error)
    await taken.catch(() => {})
  }
}

/** Tells of the failure after what has been sent. */
async function fail(stream: ResponseStream, thrown: unknown): Promise<void> {
  const told = describeError(thrown)
  if (stream.destroyed || stream.writableEnded) return
  stream.addTrailers({
    'Lambda-Runtime-Function-Error-Type': told.errorType,
    'Lambda-Runtime-Function-Error-Body': Buffer.from(JSON.stringify(told)).toString('base64'),
  })
  await new Promise<void>((resolve) => stream.end(resolve))
}

/** The metadata goes before the first piece, and eight NUL bytes between the two. */
function withMetadata(stream: ResponseStream, metadata: unknown): ResponseStream {
  stream.setContentType(WITH_METADATA)
  const write = stream.write
  stream.write = (...written: unknown[]) => {
    stream.write = write
    stream.write(JSON.stringify(metadata))
    stream.write(new Uint8Array(8))
    return (stream.write as (...args: unknown[]) => boolean)(...written)
  }
  return stream
}

function bytesOf(chunk: unknown): string | Uint8Array {
  return typeof chunk === 'string' || chunk instanceof Uint8Array ? chunk : JSON.stringify(chunk)
}
