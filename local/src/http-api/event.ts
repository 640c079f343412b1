import { randomBytes } from 'node:crypto'
import { decoded, type RouteKey, type RouteMatch, routeKey } from './match-route.ts'
import { type ApiRequest, headerOf } from './request.ts'

/** An event of payload version 2.0; what a request does not have, its event has not. */
export interface HttpApiEvent {
  readonly version: '2.0'
  readonly routeKey: string
  readonly rawPath: string
  readonly rawQueryString: string
  readonly cookies?: string[]
  readonly headers: Record<string, string>
  readonly queryStringParameters?: Record<string, string>
  readonly requestContext: {
    readonly accountId: string
    readonly apiId: string
    readonly domainName: string
    readonly domainPrefix: string
    readonly http: {
      readonly method: string
      readonly path: string
      readonly protocol: string
      readonly sourceIp: string
      readonly userAgent: string
    }
    readonly requestId: string
    readonly routeKey: string
    readonly stage: string
    readonly time: string
    readonly timeEpoch: number
  }
  readonly pathParameters?: Record<string, string>
  readonly body?: string
  readonly isBase64Encoded: boolean
}

/** Between two neighbours only, and so not the function's. Cookies have a field of their own. */
const NOT_PASSED_ON = [
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'transfer-encoding',
  'upgrade',
  'cookie',
]

/** What is not encoded as base64; all else is, forms and what has no content type among it. */
const TEXT = /^\s*(text\/|application\/(json|javascript|xml)\s*(;|$))/i

/** AWS's own example. */
const ACCOUNT = '123456789012'

/**
 * The event that a function gets for a request: payload version 2.0 of an HTTP API, stage `$default`.
 *
 * @param now milliseconds since 1970; default now
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
 */
export function toEvent(request: ApiRequest, match: RouteMatch<RouteKey>, now = Date.now()): HttpApiEvent {
  const { method, path, query, body, protocol, sourceIp } = request
  const key = routeKey(match.route)
  const [rawPath = '/'] = decoded(path).split('?') // measured on AWS: decoded, and cut at a question mark that was encoded
  const domainName = (headerOf(request, 'host') ?? 'localhost').replace(/:\d+$/, '')
  const cookies = cookiesOf(request)
  const queryStringParameters = query === '' ? undefined : parametersOf(query)
  const isBase64Encoded = body.length > 0 && !TEXT.test(headerOf(request, 'content-type') ?? '')
  return {
    version: '2.0',
    routeKey: key,
    rawPath,
    rawQueryString: query,
    ...(cookies.length > 0 && { cookies }),
    headers: headersOf(request, now),
    ...(queryStringParameters && { queryStringParameters }),
    requestContext: {
      accountId: ACCOUNT,
      apiId: 'local',
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: {
        method,
        path: rawPath,
        protocol,
        sourceIp,
        userAgent: headerOf(request, 'user-agent') ?? '',
      },
      requestId: randomBytes(12).toString('base64url'),
      routeKey: key,
      stage: '$default',
      time: clfTime(now),
      timeEpoch: now,
    },
    ...(match.pathParameters && { pathParameters: match.pathParameters }),
    ...(body.length > 0 && { body: Buffer.from(body).toString(isBase64Encoded ? 'base64' : 'utf8') }),
    isBase64Encoded,
  }
}

function headersOf(request: ApiRequest, now: number): Record<string, string> {
  const headers = joined(
    request.headers
      .map(([name, value]) => [name.toLowerCase(), value] as const)
      .filter(([name]) => !NOT_PASSED_ON.includes(name)),
  )
  const via = headers['x-forwarded-for']
  return {
    'x-forwarded-proto': 'http',
    'x-forwarded-port': String(request.port),
    'x-amzn-trace-id': `Root=1-${Math.floor(now / 1000).toString(16)}-${randomBytes(12).toString('hex')}`,
    ...headers,
    'x-forwarded-for': via ? `${via}, ${request.sourceIp}` : request.sourceIp,
    'content-length': String(request.body.length),
  }
}

function cookiesOf({ headers }: ApiRequest): string[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'cookie')
    .flatMap(([, value]) => value.split(/;\s*/))
    .filter((cookie) => cookie !== '')
}

function parametersOf(query: string): Record<string, string> {
  return joined([...new URLSearchParams(query)])
}

/** What comes twice is one, joined by a comma. */
function joined(pairs: readonly (readonly [string, string])[]): Record<string, string> {
  const all = new Map<string, string>()
  for (const [name, value] of pairs) {
    const before = all.get(name)
    all.set(name, before === undefined ? value : `${before},${value}`)
  }
  return Object.fromEntries(all)
}

/** `20/Nov/2026:10:32:14 +0000` */
function clfTime(now: number): string {
  const [, day, month, year, time] = new Date(now).toUTCString().split(' ')
  return `${day}/${month}/${year}:${time} +0000`
}
