import middy from '@middy/core'
import mysql, { type RowDataPacket } from 'mysql2/promise'
import { type Event, SELECT, url } from './contestant.ts'

const pool = mysql.createPool({ uri: url, trace: false })

export const handler = middy<Event>().handler(async ({ id }) => {
  const [rows] = await pool.query<RowDataPacket[]>(SELECT, [id])
  return rows[0]
})

export const close = () => pool.end()
