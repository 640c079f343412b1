import type { RouteKey } from './match-route.ts'
import { type ApiRequest, headerOf } from './request.ts'
import type { ApiResponse } from './response.ts'

/** An HTTP API's CORS rules. */
export interface CorsRules {
  readonly origins: readonly string[]
  readonly methods: readonly string[]
  readonly headers: readonly string[]
  readonly exposed: readonly string[]
  readonly credentials: boolean
  /** Seconds. */
  readonly maxAge: number | undefined
}

// What the Serverless Framework deploys for `cors: true`.
const USUAL_HEADERS = [
  'Content-Type',
  'X-Amz-Date',
  'Authorization',
  'X-Api-Key',
  'X-Amz-Security-Token',
  'X-Amz-User-Agent',
  'X-Amzn-Trace-Id',
]

/** The rules of `provider.httpApi.cors`: `true` or an object; undefined for none. */
export function corsRules(cors: unknown, routes: readonly RouteKey[]): CorsRules | undefined {
  if (cors === undefined || cors === null || cors === false) return undefined
  const given = typeof cors === 'object' ? (cors as Record<string, unknown>) : {}
  const ofRoutes = [...new Set(['OPTIONS', ...routes.map(({ method }) => (method === 'ANY' ? '*' : method))])]
  const list = (value: unknown, otherwise: string[]) =>
    value === undefined || value === null ? otherwise : [value].flat().map(String)
  return {
    origins: list(given.allowedOrigins, ['*']),
    methods: list(given.allowedMethods, ofRoutes),
    headers: list(given.allowedHeaders, USUAL_HEADERS),
    exposed: list(given.exposedResponseHeaders, []),
    credentials: given.allowCredentials === true,
    maxAge: typeof given.maxAge === 'number' ? given.maxAge : undefined,
  }
}

/** The answer to a browser's preflight, which no function sees; undefined for any other request. */
export function preflight(rules: CorsRules, request: ApiRequest): ApiResponse | undefined {
  const wanted = headerOf(request, 'access-control-request-method')
  if (request.method !== 'OPTIONS' || wanted === undefined || headerOf(request, 'origin') === undefined)
    return undefined
  const { methods, headers, maxAge } = rules
  const allowed = originHeaders(rules, request)
  const rest: [string, string][] = [
    ['access-control-allow-methods', methods.join(',')],
    ['access-control-allow-headers', headers.join(',').toLowerCase()],
    ...(maxAge === undefined ? [] : [['access-control-max-age', String(maxAge)] as [string, string]]),
  ]
  return { statusCode: 204, headers: allowed.length > 0 ? [...allowed, ...rest] : [], body: Buffer.alloc(0) }
}

/** A response under the rules: the function's own CORS headers do not count. */
export function withCors(rules: CorsRules, request: ApiRequest, response: ApiResponse): ApiResponse {
  const own = response.headers.filter(([name]) => !name.startsWith('access-control-'))
  const allowed = originHeaders(rules, request)
  const exposed: [string, string][] =
    allowed.length > 0 && rules.exposed.length > 0
      ? [['access-control-expose-headers', rules.exposed.join(',')]]
      : []
  return { ...response, headers: [...own, ...allowed, ...exposed] }
}

function originHeaders({ origins, credentials }: CorsRules, request: ApiRequest): [string, string][] {
  const origin = headerOf(request, 'origin')
  if (origin === undefined || !origins.some((allowed) => covers(allowed, origin))) return []
  const named: [string, string] = ['access-control-allow-origin', origins.includes('*') ? '*' : origin]
  return credentials ? [named, ['access-control-allow-credentials', 'true']] : [named]
}

/** `*`, `https://*` and `http://*` are what an HTTP API knows beside whole origins. */
function covers(allowed: string, origin: string): boolean {
  return allowed.endsWith('*') ? origin.startsWith(allowed.slice(0, -1)) : allowed === origin
}
