import { createHash } from 'node:crypto'
import type { SQSEvent, SQSRecord } from 'aws-lambda'
import sample from './import-orders.json' with { type: 'json' }

/** The queue's event for messages with these bodies, in the shape AWS sends, with ids `message-0`, `message-1`, … */
export function importBatch(bodies: unknown[]): SQSEvent {
  const [record] = sample.Records as SQSRecord[]
  const Records = bodies.map((message, index) => {
    const body = typeof message === 'string' ? message : JSON.stringify(message)
    const md5OfBody = createHash('md5').update(body).digest('hex')
    return { ...(record as SQSRecord), messageId: `message-${index}`, body, md5OfBody }
  })
  return { Records }
}

/** The order a partner knows as `reference`, spread over the seeded customers and products that are not sold out. */
export const importedOrder = (index: number, reference = `partner-${index}`) => ({
  reference,
  customerId: 1 + (index % 1000),
  lines: [
    { productId: 1 + (index % 40), quantity: 1 },
    { productId: 51 + (index % 40), quantity: 2 },
  ],
})
