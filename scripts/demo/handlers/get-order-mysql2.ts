import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import httpEventNormalizer from '@middy/http-event-normalizer'
import { createError } from '@middy/util'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { json, logFailure } from '../../../handlers/http.ts'
import { idText, parse } from '../../../handlers/input.ts'
import { findOrder } from '../../../handlers/repositories/orders.ts'
import { pool } from './mysql2-pool.ts'

/** `handlers/get-order.ts` as it is without warmpool. */
export const handler = middy()
  .use(httpErrorHandler({ logger: logFailure }))
  .use(httpEventNormalizer<APIGatewayProxyEventV2>())
  .handler(async ({ pathParameters }) => {
    const id = parse(idText, pathParameters.id)
    const order = await findOrder(pool, id)
    if (!order) throw createError(404, `There is no order ${id}.`)
    return json(200, order)
  })
