import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import httpEventNormalizer from '@middy/http-event-normalizer'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { gt } from 'drizzle-orm'
import { int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import mysqlPool from 'warmpool'
import { pool } from './database.ts'
import { json, logFailure } from './http.ts'
import { idText, parse } from './input.ts'

const products = mysqlTable('products', {
  id: int({ unsigned: true }).primaryKey(),
  sku: varchar({ length: 32 }).notNull(),
  name: varchar({ length: 120 }).notNull(),
  priceCents: int('price_cents', { unsigned: true }).notNull(),
  stock: int({ unsigned: true }).notNull(),
})

// To Drizzle it is a mysql2 Pool like any other; inside an invocation its queries belong to that invocation.
const orm = drizzle({ client: pool })

/** `GET /products?after={id}`: a page of twenty, and the `after` of the next one. */
export const handler = middy()
  .use(mysqlPool({ pool }))
  .use(httpErrorHandler({ logger: logFailure }))
  .use(httpEventNormalizer<APIGatewayProxyEventV2>())
  .handler(async ({ queryStringParameters: { after } }) => {
    const first = after === undefined ? 0 : parse(idText, after)
    const page = await orm
      .select()
      .from(products)
      .where(gt(products.id, first))
      .orderBy(products.id)
      .limit(20)
    return json(200, { products: page, after: page.at(-1)?.id ?? null })
  })
