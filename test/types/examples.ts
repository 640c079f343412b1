// The two examples that the design gives, as they stand there.
import middy from '@middy/core'
import { int, mysqlTable } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import mysqlPool, { createPool, iam } from '../../src/index.ts'

export const withMiddy = middy<{ id: number }>()
  .use(mysqlPool())
  .handler(async ({ id }, { db }) => {
    const [rows] = await db.query('SELECT id, name FROM customers WHERE id = ?', [id])
    return rows[0]
  })

const host = 'shop.abc.eu-west-1.rds.amazonaws.com'
const stock = mysqlTable('stock', { left: int().notNull() })

export const pool = createPool({ connection: { host, user: 'shop', database: 'shop' }, credentials: iam() })
export const orm = drizzle({ client: pool })
export const handler = pool.wrap(async (event: { by: number }) =>
  pool.transaction(async (tx) => {
    await tx.query('UPDATE stock SET left_over = left_over - ?', [event.by])
    return orm.select().from(stock)
  }),
)
