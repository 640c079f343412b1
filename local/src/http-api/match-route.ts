/** What a route takes. */
export interface RouteKey {
  /** In capitals; `ANY` takes all. */
  readonly method: string
  /** `/orders/{id}`, `/files/{path+}`; `$default` takes what no other route does. */
  readonly path: string
}

/** The route that takes a request. */
export interface RouteMatch<Route extends RouteKey> {
  readonly route: Route
  /** Decoded; undefined where the route has none. */
  readonly pathParameters: Record<string, string> | undefined
}

/** As the event names it: `GET /orders/{id}` or `$default`. */
export function routeKey({ method, path }: RouteKey): string {
  return path === '$default' ? path : `${method} ${path}`
}

/**
 * The most specific route for a request, as an HTTP API chooses it: a whole match before one with a greedy variable (`{proxy+}`), and
 * that before `$default`. Where two match alike up to some segment, a fixed segment goes before a variable; of the same path, a
 * method before `ANY`.
 *
 * @param path as it came: still encoded, without the query string
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-routes.html
 */
export function matchRoute<Route extends RouteKey>(
  routes: readonly Route[],
  method: string,
  path: string,
): RouteMatch<Route> | undefined {
  const segments = segmentsOf(path).map(decoded)
  const matches = routes.flatMap((route) => {
    if (route.method !== 'ANY' && route.method !== method) return []
    if (route.path === '$default') return [{ route, pathParameters: undefined, rank: '3' }]
    const parameters = parametersOf(segmentsOf(route.path), segments)
    if (parameters === undefined) return []
    const pathParameters = Object.keys(parameters).length > 0 ? parameters : undefined
    return [{ route, pathParameters, rank: rankOf(route) }]
  })
  const [best] = matches.toSorted((one, other) => (one.rank < other.rank ? -1 : 1))
  return best && { route: best.route, pathParameters: best.pathParameters }
}

function parametersOf(wanted: readonly string[], got: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {}
  for (const [index, segment] of wanted.entries()) {
    const here = got[index]
    const [, name, greedy] = /^\{([^}+]+)(\+?)\}$/.exec(segment) ?? []
    if (name === undefined ? here !== segment : here === undefined || here === '') return undefined
    if (name === undefined) continue
    parameters[name] = greedy ? got.slice(index).join('/') : (here ?? '')
    if (greedy) return parameters
  }
  return wanted.length === got.length ? parameters : undefined
}

/** In the order of these texts routes go before one another. */
function rankOf({ method, path }: RouteKey): string {
  const kinds = segmentsOf(path).map((segment) =>
    segment.endsWith('+}') ? '2' : segment.startsWith('{') ? '1' : '0',
  )
  return `${kinds.includes('2') ? 1 : 0}${kinds.join('')}${method === 'ANY' ? 1 : 0}`
}

const segmentsOf = (path: string) => path.slice(1).split('/')

/** What is encoded wrongly stays as it is. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
