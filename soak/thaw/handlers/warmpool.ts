import middy from '@middy/core'
import mysqlPool, { createPool } from 'warmpool'
import { find, type Wanted } from './orders.ts'

/** Such silence as is played is only found by a ping: soon, where the soak says so, as it does not want to wait. */
const soon = process.env.VALIDATE_AFTER
const pool = createPool({ connectionLimit: 2, ...(soon && { validateAfter: Number(soon) }) })

export const handler = middy<Wanted>()
  .use(mysqlPool({ pool }))
  .handler((event, { db }) => find(db, event))
