import { Database } from './database.ts'
import { invalidOption } from './errors.ts'
import type { InvocationContext } from './invocation/invocation.ts'
import { endRequest, watcher } from './middy-request.ts'
import { kindOf, knownKeys } from './options/check.ts'
import type { PoolOptions } from './options.ts'
import { Pool, sharedOf } from './pool.ts'
import { sharedPools } from './registry.ts'

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
  const readers = pool.reader === pool ? undefined : sharedOf(pool.reader).scope
  const watch = watcher(scope)
  return {
    name: 'mysqlPool',
    before: async (request) => {
      const invocation = scope.beginRequest(request)
      // One context for several calls at once, as tests have it: each handler finds its own database in it all the same.
      if ((request.context as Record<string, unknown>)[key] instanceof Database)
        request.context = Object.create(request.context)
      const context = request.context as Record<string, unknown>
      context[key] = new Database(scope, invocation, readers)
      watch(request)
    },
    after: (request) => endRequest(scope, request, 'after'),
    onError: (request) => endRequest(scope, request, 'onError')?.catch(() => {}), // a leak is on the log; the error under way says more
  }
}

function poolOf(options: MiddlewareOptions<string>): Pool {
  if (typeof options !== 'object' || options === null || !('pool' in options))
    return new Pool(sharedPools(options, mysqlPool))
  knownKeys(options, ['pool', 'contextKey'], '')
  if (options.pool instanceof Pool) return options.pool
  throw invalidOption(
    'pool',
    kindOf(options.pool),
    'what createPool() gave; its options go where it is created',
  )
}
