import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { json, logFailure } from '../../../handlers/http.ts'
import { idempotencyKey, orderJson, parse } from '../../../handlers/input.ts'
import { placeOrder } from '../../../handlers/repositories/orders.ts'
import { pool } from './mysql2-pool.ts'

/** `handlers/place-order.ts` as it is without warmpool, done carefully. */
export const handler = middy<APIGatewayProxyEventV2>()
  .use(httpErrorHandler({ logger: logFailure }))
  .handler(async ({ body, headers }) => {
    const order = {
      ...parse(orderJson, body),
      idempotencyKey: parse(idempotencyKey, headers['idempotency-key']),
    }
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      const placed = await placeOrder(connection, order)
      await connection.commit()
      return json(201, placed, { Location: `/orders/${placed.id}` })
    } catch (error) {
      await connection.rollback()
      throw error
    } finally {
      connection.release()
    }
  })
