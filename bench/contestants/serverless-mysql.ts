import middy from '@middy/core'
import serverlessMysql from 'serverless-mysql'
import { type Event, SELECT, url } from './contestant.ts'

const db = serverlessMysql({ config: url })

export const handler = middy<Event>().handler(async ({ id }) => {
  const rows = await db.query<object[]>(SELECT, [id])
  await db.end()
  return rows[0]
})

export const close = async () => db.quit()
