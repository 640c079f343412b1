import { Database } from './database.ts'
import { invalidOption } from './errors.ts'
import type { EndedBy } from './events.ts'
import type { InvocationContext } from './invocation/invocation.ts'
import type { Scope } from './invocation/scope.ts'
import { kindOf, knownKeys } from './options/check.ts'
import type { PoolOptions } from './options.ts'
import { Pool, sharedOf } from './pool.ts'
import { streamedBody } from './streamed-body.ts'

/** Lambda's context as AWS's types have it, so that middy infers the handler's from ours. */
interface LambdaContext extends Required<Omit<InvocationContext, 'lambdaContext'>> {
  callbackWaitsForEmptyEventLoop: boolean
  functionName: string
  functionVersion: string
  invokedFunctionArn: string
  memoryLimitInMB: string
  logGroupName: string
  logStreamName: string
  done(error?: Error, result?: unknown): void
  fail(error: Error | string): void
  // biome-ignore lint/suspicious/noExplicitAny: AWS's own type
  succeed(messageOrObject: any, object?: any): void
}

interface Request<Key extends string> {
  event: unknown
  context: LambdaContext & Record<Key, Database>
  response: unknown
  error: Error | null | undefined
  /** Nothing of ours, so that middy knows what the other middlewares put there, and only that. */
  internal: Record<never, unknown>
}

/** A middy middleware: `middy().use(mysqlPool())`. */
export interface MysqlPoolMiddleware<Key extends string = 'db'> {
  name: 'mysqlPool'
  before(request: Request<Key>): Promise<void>
  after(request: Request<Key>): Promise<void> | undefined
  onError(request: Request<Key>): Promise<void> | undefined
}

/** The options of a pool, or one that is there already. */
export type MiddlewareOptions<Key extends string> = (PoolOptions | { pool: Pool }) & { contextKey?: Key }

/**
 * The middleware. It goes first in the chain: so that it is there for the others, and its `after` runs last.
 *
 * ```ts
 * export const handler = middy()
 *   .use(mysqlPool())
 *   .handler(async ({ id }, { db }) => (await db.query('SELECT * FROM orders WHERE id = ?', [id]))[0])
 * ```
 *
 * @throws WarmpoolError `INVALID_OPTION`
 */
export function mysqlPool<const Key extends string = 'db'>(
  options: MiddlewareOptions<Key> = {},
): MysqlPoolMiddleware<Key> {
  const pool = poolOf(options)
  const { scope, settings } = sharedOf(pool)
  const key = (options.contextKey ?? settings.contextKey) as Key
  const watched = watching(scope)
  return {
    name: 'mysqlPool',
    before: async (request) => {
      const invocation = scope.beginRequest(request)
      const context = request.context as Record<string, unknown>
      context[key] = new Database(scope, invocation)
      const kept = request as object as Kept
      kept[EVENT] = kept.event
      kept[RESPONSE] = kept.response
      Object.defineProperties(kept, watched)
    },
    after: (request) => end(scope, request, 'after'),
    onError: (request) => end(scope, request, 'onError')?.catch(() => {}), // a leak is on the log; the error under way says more
  }
}

/** The connection behind a body that is streamed lives until the body is sent. */
function end(scope: Scope, request: object, by: EndedBy): Promise<void> | undefined {
  const body = streamedBody(request as Kept)
  if (!body) return scope.endRequest(request, by)
  scope.endRequestAfter(request, body)
  return undefined
}

function poolOf(options: MiddlewareOptions<string>): Pool {
  if (typeof options !== 'object' || options === null || !('pool' in options))
    return new Pool(options, mysqlPool)
  knownKeys(options, ['pool', 'contextKey'], '')
  if (options.pool instanceof Pool) return options.pool
  throw invalidOption(
    'pool',
    kindOf(options.pool),
    'what createPool() gave; its options go where it is created',
  )
}

/** Where a request keeps what it is asked for, when the asking means more. */
const [EVENT, RESPONSE] = [Symbol('event'), Symbol('response')]

interface Kept {
  event: unknown
  response: unknown
  earlyResponse?: unknown
  [EVENT]?: unknown
  [RESPONSE]?: unknown
}

/**
 * Watches what middy does with a request. The same accessors serve every one: new ones each time would be a new hidden class
 * each time.
 *
 * - It reads the event to call the handler: the scope is entered then. Entered in `before` itself, it would leak into whoever called
 *   the handler, as middy runs that far synchronously: a test's next query would then belong to an invocation that has ended,
 *   and a second handler called beside would join the first. `before` is async, so by the time the event is read the caller
 *   has gone on.
 * - It writes an early response, of whichever middleware and hook: none of the hooks that are left is called then.
 */
function watching(scope: Scope): PropertyDescriptorMap & ThisType<Kept> {
  const shown = { configurable: true, enumerable: true }
  return {
    event: {
      ...shown,
      get() {
        scope.enterRequest(this)
        return this[EVENT]
      },
      set(replaced: unknown) {
        this[EVENT] = replaced
      },
    },
    response: {
      ...shown,
      get() {
        return this[RESPONSE]
      },
      set(response: unknown) {
        this[RESPONSE] = response
        // Not where it is cleared again because of an error: then the hooks for errors are called.
        if ('earlyResponse' in this && this.earlyResponse === response)
          end(scope, this, 'early response')?.catch(() => {}) // a leak is on the log
      },
    },
  }
}
