import mysql, { type RowDataPacket } from 'mysql2/promise'
import { type Event, SELECT, url } from './contestant.ts'

const pool = mysql.createPool(url)

export const handler = async ({ id }: Event, _context: object) => {
  const [rows] = await pool.query<RowDataPacket[]>(SELECT, [id])
  return rows[0]
}

export const close = () => pool.end()
