// What middy makes of the middleware's type, among others.
import middy, { type MiddlewareObj } from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import httpEventNormalizer from '@middy/http-event-normalizer'
import { getInternal } from '@middy/util'
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda'
import { expectTypeOf } from 'vitest'
import mysqlPool, { createPool, type Database } from '../../src/index.ts'

interface Tenant {
  id: string
}
/** As a middleware of one's own is written: something in the context, something in `internal`. */
declare function tenant(): MiddlewareObj<
  { path: string },
  unknown,
  Error,
  Context & { tenant: Tenant },
  { tenantKey: Promise<string> }
>

// Whatever the order, each keeps what the others have put there.
for (const handler of [
  middy<{ id: number }>().use(mysqlPool()).use(tenant()),
  middy<{ id: number }>().use(tenant()).use(mysqlPool()),
  middy<{ id: number }>().use([mysqlPool(), tenant()]),
]) {
  handler
    .before(async (request) => {
      expectTypeOf(request.context.db).toEqualTypeOf<Database>()
      expectTypeOf(request.context.tenant).toEqualTypeOf<Tenant>()
      expectTypeOf(request.internal.tenantKey).toEqualTypeOf<Promise<string>>()
      // @ts-expect-error nobody has put it there
      request.internal.anything
      const { tenantKey } = await getInternal('tenantKey', request)
      expectTypeOf(tenantKey).toBeString()
    })
    .handler(async (event, context) => {
      expectTypeOf(event.id).toBeNumber()
      expectTypeOf(event.path).toBeString()
      expectTypeOf(context.db).toEqualTypeOf<Database>()
      expectTypeOf(context.tenant.id).toBeString()
      expectTypeOf(context.getRemainingTimeInMillis()).toBeNumber()
      // @ts-expect-error nobody has put it there
      context.anything
    })
}

// Official ones before and after it.
middy()
  .use(mysqlPool())
  .use(httpErrorHandler())
  .use(httpEventNormalizer<APIGatewayProxyEventV2>())
  .handler(async (event, { db }) => {
    expectTypeOf(event.pathParameters).not.toBeUndefined()
    expectTypeOf(db).toEqualTypeOf<Database>()
  })

// Under a key of one's own, and only there.
middy()
  .use(mysqlPool({ contextKey: 'orders' }))
  .use(mysqlPool({ pool: createPool({ name: 'stock' }), contextKey: 'stock' }))
  .handler(async (_event, context) => {
    expectTypeOf(context.orders).toEqualTypeOf<Database>()
    expectTypeOf(context.stock).toEqualTypeOf<Database>()
    // @ts-expect-error
    context.db
  })

middy(createPool().plugin)
middy(async () => {}, createPool().plugin)

// @ts-expect-error an option that does not exist
mysqlPool({ connectionLimt: 2 })
// @ts-expect-error a pool that is not ours
mysqlPool({ pool: {} })
