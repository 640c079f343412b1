import { validateHeaderName, validateHeaderValue } from 'node:http'

/** What goes back to the caller. */
export interface ApiResponse {
  readonly statusCode: number
  /** Names in small letters; `set-cookie` may come several times. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Uint8Array
}

/** Between the API and its caller, and so not the function's. */
const OURS = ['connection', 'content-length', 'keep-alive', 'trailer', 'transfer-encoding']

/** A message of API Gateway's own. */
export function gatewayMessage(statusCode: number, message: string): ApiResponse {
  return {
    statusCode,
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ message })),
  }
}

export const NOT_FOUND = gatewayMessage(404, 'Not Found')
export const INTERNAL_SERVER_ERROR = gatewayMessage(500, 'Internal Server Error')
export const SERVICE_UNAVAILABLE = gatewayMessage(503, 'Service Unavailable')
export const TOO_LARGE = gatewayMessage(413, 'Request Entity Too Large')

/**
 * What an HTTP API makes of a function's answer, payload version 2.0. One without a `statusCode` is the body of a 200, as JSON unless it is a
 * text. One that is not of the form is a 500, as any failure of the function is.
 *
 * @returns the response; as a text, what is wrong with the answer
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toResponse(answer: unknown): ApiResponse | string {
  if (!isObject(answer) || !('statusCode' in answer)) return inferred(answer)
  const { headers = {}, cookies = [], body = '', isBase64Encoded = false } = answer
  const statusCode = Number(answer.statusCode)
  if (!Number.isInteger(statusCode) || statusCode < 200 || statusCode > 599)
    return `its statusCode is ${JSON.stringify(answer.statusCode)}, but must be a number from 200 to 599`
  if (typeof body !== 'string' && body !== null)
    return `its body is ${Array.isArray(body) ? 'an array' : `of the type ${typeof body}`}, but must be a text: JSON.stringify() it`
  if (!isObject(headers)) return 'its headers are no object'
  if (!Array.isArray(cookies)) return 'its cookies are no array'
  const named = Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), textOf(value)] as const)
    .filter(([name]) => !OURS.includes(name))
  const sent = [...named, ...cookies.map((cookie) => ['set-cookie', textOf(cookie)] as const)]
  const wrong = sent.find(([name, value]) => !isHeader(name, value))
  if (wrong) return `its header ${JSON.stringify(wrong[0])} has a name or a value that HTTP does not allow`
  const typed = named.some(([name]) => name === 'content-type')
  return {
    statusCode,
    headers: [...(typed ? [] : [['content-type', 'text/plain; charset=utf-8'] as const]), ...sent],
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  }
}

function inferred(answer: unknown): ApiResponse {
  const text = typeof answer === 'string' ? answer : JSON.stringify(answer ?? null)
  return { statusCode: 200, headers: [['content-type', 'application/json']], body: Buffer.from(text) }
}

/** Also of an object that cannot be a text, such as `{ toString: 1 }`. */
function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return JSON.stringify(value)
  }
}

function isHeader(name: string, value: string): boolean {
  try {
    validateHeaderName(name)
    validateHeaderValue(name, value)
    return true
  } catch {
    return false
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
