import middy from '@middy/core'
import mysqlPool from 'warmpool'

export const handler = middy<{ id: number }>()
  .use(mysqlPool())
  .handler(async ({ id }, { db }) => {
    const [rows] = await db.query('SELECT id, name FROM customers WHERE id = ?', [id])
    return rows[0]
  })
