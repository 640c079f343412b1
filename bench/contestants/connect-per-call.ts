import middy from '@middy/core'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { type Event, SELECT, url } from './contestant.ts'

export const handler = middy<Event>().handler(async ({ id }) => {
  const connection = await mysql.createConnection(url)
  try {
    const [rows] = await connection.query<RowDataPacket[]>(SELECT, [id])
    return rows[0]
  } finally {
    await connection.end()
  }
})

export const close = async () => {}
