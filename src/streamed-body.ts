import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'

/** A response as middy streams it: the body itself, or an object that has one. */
interface Responding {
  response: unknown
}

/**
 * The body that is still to be read when a handler has returned it. One of the web's is replaced by one of Node's, whose end
 * can be heard.
 */
export function streamedBody(request: Responding): Readable | undefined {
  const { response } = request
  if (typeof response !== 'object' || response === null) return undefined
  if (isStream(response)) {
    const body = readable(response)
    if (body !== response) request.response = body
    return body
  }
  const holder = response as { body?: unknown }
  if (!isStream(holder.body)) return undefined
  const body = readable(holder.body)
  if (body !== holder.body) request.response = { ...holder, body }
  return body
}

function isStream(body: unknown): body is Readable | ReadableStream {
  if (typeof body !== 'object' || body === null) return false
  return '_readableState' in body || isOfTheWeb(body)
}

/** By its tag first: Node loads its web streams when somebody asks for them, which takes longer than all else of an import (bench/import). */
function isOfTheWeb(body: object): body is ReadableStream {
  return (
    Object.prototype.toString.call(body) === '[object ReadableStream]' &&
    body instanceof globalThis.ReadableStream
  )
}

function readable(body: Readable | ReadableStream): Readable {
  return isOfTheWeb(body) ? Readable.fromWeb(body, { objectMode: true }) : body // its chunks may be anything
}
