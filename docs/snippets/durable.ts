import { withDurableExecution } from '@aws/durable-execution-sdk-js'
import type { ResultSetHeader } from 'mysql2'
import { createPool } from 'warmpool'

const pool = createPool()

export const handler = pool.wrap(
  withDurableExecution(async ({ orderId }: { orderId: number }, context) => {
    await context.step('charge', () =>
      pool.transaction(async (tx) => {
        const [charge] = await tx.query<ResultSetHeader>('INSERT IGNORE INTO charges (order_id) VALUES (?)', [orderId])
        if (charge.affectedRows === 0) return // an earlier attempt has committed
        await tx.query('UPDATE orders SET paid = TRUE WHERE id = ?', [orderId])
      }),
    )
    await context.wait({ days: 14 })
    await context.step('close', async () => {
      await pool.query('UPDATE orders SET closed = TRUE WHERE id = ?', [orderId])
    })
  }),
)
