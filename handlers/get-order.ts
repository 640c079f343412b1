import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import httpEventNormalizer from '@middy/http-event-normalizer'
import { createError } from '@middy/util'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import mysqlPool from 'warmpool'
import { pool } from './database.ts'
import { json, logFailure } from './http.ts'
import { idText, parse } from './input.ts'
import { findOrder } from './repositories/orders.ts'

/** `GET /orders/{id}`: 200 with the order, 404 when there is none. */
export const handler = middy()
  .use(mysqlPool({ pool }))
  .use(httpErrorHandler({ logger: logFailure }))
  .use(httpEventNormalizer<APIGatewayProxyEventV2>())
  .handler(async ({ pathParameters }, { db }) => {
    const id = parse(idText, pathParameters.id)
    const order = await findOrder(db, id)
    if (!order) throw createError(404, `There is no order ${id}.`)
    return json(200, order)
  })
