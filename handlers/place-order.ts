import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import mysqlPool from 'warmpool'
import { pool } from './database.ts'
import { json, logFailure } from './http.ts'
import { idempotencyKey, orderJson, parse } from './input.ts'
import { placeOrder } from './repositories/orders.ts'

/** `POST /orders`: 201 with the order, 400 for bad input, 409 when sold out. */
export const handler = middy<APIGatewayProxyEventV2>()
  .use(mysqlPool({ pool }))
  .use(httpErrorHandler({ logger: logFailure }))
  .handler(async ({ body, headers }, { db }) => {
    const order = {
      ...parse(orderJson, body),
      idempotencyKey: parse(idempotencyKey, headers['idempotency-key']),
    }
    const placed = await db.transaction((tx) => placeOrder(tx, order))
    return json(201, placed, { Location: `/orders/${placed.id}` })
  })
