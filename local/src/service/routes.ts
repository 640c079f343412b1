/** Where a function is reached over HTTP. */
export interface Route {
  /** `http` is an HTTP API (the event `httpApi`), `rest` a REST API (the event `http`). */
  readonly api: 'http' | 'rest'
  /** In capitals; `ANY` for all. */
  readonly method: string
  /** `/orders/{id}`, `/files/{path+}`; `$default` for what no other route takes. */
  readonly path: string
  /** Whether AWS asks an authorizer first, which nothing does here. */
  readonly authorized: boolean
}

/** One of a function's `events`, as it is written. */
export type EventSource = Readonly<Record<string, unknown>> | string

/**
 * The routes among a function's events.
 * @param where the function, for messages
 * @throws when one is not written as a route
 */
export function routesOf(events: readonly EventSource[], where: string): Route[] {
  return events.flatMap((event) => {
    if (typeof event !== 'object' || event === null) return []
    const [kind, value] = Object.entries(event)[0] ?? []
    if (kind !== 'httpApi' && kind !== 'http') return []
    return [readRoute(kind === 'http' ? 'rest' : 'http', value, `${where} has the event ${kind}`)]
  })
}

/** The kinds of a function's other events: `sqs`, `schedule`. */
export function otherEvents(events: readonly EventSource[]): string[] {
  const kinds = events.map((event) =>
    typeof event === 'string' ? event : String(Object.keys(event ?? {})[0]),
  )
  return [...new Set(kinds.filter((kind) => kind !== 'httpApi' && kind !== 'http'))]
}

function readRoute(api: Route['api'], value: unknown, where: string): Route {
  const { method, path, authorizer } = typeof value === 'string' ? fromText(value) : fromObject(value)
  if (path === '*') return { api, method: 'ANY', path: '$default', authorized: authorizer !== undefined }
  const wanted = api === 'http' ? `'GET /orders/{id}', '*'` : `'GET orders/{id}'`
  if (typeof path !== 'string' || typeof method !== 'string' || !/^(\*|[a-z]+)$/i.test(method))
    throw new Error(
      `${where}: ${JSON.stringify(value)}, but must be a text such as ${wanted} or { method, path }.`,
    )
  return {
    api,
    method: method === '*' ? 'ANY' : method.toUpperCase(),
    path: path.startsWith('/') ? path : `/${path}`,
    authorized: authorizer !== undefined && authorizer !== null,
  }
}

function fromText(text: string): Record<'method' | 'path' | 'authorizer', unknown> {
  const [method, path] = text.trim().split(/\s+/)
  return { method, path: path ?? (method === '*' ? '*' : undefined), authorizer: undefined }
}

function fromObject(value: unknown): Record<'method' | 'path' | 'authorizer', unknown> {
  const { method = '*', path, authorizer } = (value ?? {}) as Record<string, unknown>
  return { method, path, authorizer }
}
