import { createPool } from 'warmpool'
import { type Event, SELECT, url } from './contestant.ts'

const pool = createPool({ connection: url })

export const handler = pool.wrap(async ({ id }: Event, _context: object) => {
  const [rows] = await pool.query(SELECT, [id])
  return rows[0]
})

export const close = () => pool.end()
