import middy from '@middy/core'
import mysqlPool from 'warmpool'
import { type Asked, read, write } from './notes.ts'

export const handler = middy<Asked>()
  .use(mysqlPool({ connectionLimit: 2 }))
  .handler(async ({ note }, { db }) => {
    if (note === undefined) return read(db)
    await db.transaction((tx) => write(tx, note), { retries: 20 })
  })
