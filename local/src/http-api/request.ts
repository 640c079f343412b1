import type { IncomingMessage } from 'node:http'

/** A request as it came in. */
export interface ApiRequest {
  readonly method: string
  /** Encoded, without the query string. */
  readonly path: string
  /** Encoded, without the question mark. */
  readonly query: string
  /** In order, names as they came. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
  /** `HTTP/1.1` */
  readonly protocol: string
  readonly sourceIp: string
  /** Where it was received. */
  readonly port: number
}

/** One whose body was too long to be read. */
export type ApiRequestWithoutBody = Omit<ApiRequest, 'body'> & { readonly body: undefined }

/** An HTTP API takes no more: 10 MB. @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html */
const LONGEST_BODY = 10 * 1024 * 1024

/** @returns without its body where that is longer than an HTTP API takes */
export async function readRequest(message: IncomingMessage): Promise<ApiRequest | ApiRequestWithoutBody> {
  const chunks: Uint8Array[] = []
  let length = 0
  // Not destroyed when it is left, as it is still to be answered.
  for await (const chunk of message.iterator({ destroyOnReturn: false })) {
    length += chunk.length
    if (length > LONGEST_BODY) return { ...headOf(message), body: undefined }
    chunks.push(chunk)
  }
  return { ...headOf(message), body: Buffer.concat(chunks) }
}

function headOf(message: IncomingMessage): Omit<ApiRequest, 'body'> {
  const { url = '/', rawHeaders, method = 'GET', httpVersion, socket } = message
  const [path = '/', ...query] = url.split('?')
  return {
    method,
    path,
    query: query.join('?'),
    headers: Array.from({ length: rawHeaders.length / 2 }, (_, index) => [
      rawHeaders[2 * index] ?? '',
      rawHeaders[2 * index + 1] ?? '',
    ]),
    protocol: `HTTP/${httpVersion}`,
    sourceIp: (socket.remoteAddress ?? '').replace(/^::ffff:/, ''),
    port: socket.localPort ?? 0,
  }
}

/** The first of that name. @param name in small letters */
export function headerOf({ headers }: Pick<ApiRequest, 'headers'>, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}
