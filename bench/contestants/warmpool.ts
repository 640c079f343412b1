import middy from '@middy/core'
import mysqlPool, { createPool } from 'warmpool'
import { type Event, SELECT, url } from './contestant.ts'

const pool = createPool({ connection: url })

export const handler = middy<Event>()
  .use(mysqlPool({ pool }))
  .handler(async ({ id }, { db }) => {
    const [rows] = await db.query(SELECT, [id])
    return rows[0]
  })

export const close = () => pool.end()
