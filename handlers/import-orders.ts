import middy from '@middy/core'
import sqsPartialBatchFailure from '@middy/sqs-partial-batch-failure'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import limitConcurrency from 'p-limit'
import mysqlPool from 'warmpool'
import { connectionLimit, pool } from './database.ts'
import { importedOrderJson, parse } from './input.ts'
import { placeOrder } from './repositories/orders.ts'

const logFailure = (reason: Error, { messageId }: SQSRecord) =>
  console.error(`Message ${messageId} was not imported: ${reason.message}`)

/**
 * Orders from a queue, hundreds at a time, as many at once as there are connections. Each is a transaction of its own,
 * so that a bad message fails alone and returns to the queue; the reference makes one that comes twice harmless.
 */
export const handler = middy<SQSEvent>()
  .use(mysqlPool({ pool }))
  .use(sqsPartialBatchFailure({ logger: logFailure }))
  .handler(async ({ Records }, { db }) => {
    const limit = limitConcurrency(connectionLimit)
    const importOrder = async ({ body }: SQSRecord) => {
      const { reference, ...order } = parse(importedOrderJson, body)
      await db.transaction((tx) => placeOrder(tx, { ...order, idempotencyKey: `import:${reference}` }))
    }
    return Promise.allSettled(Records.map((record) => limit(importOrder, record)))
  })
