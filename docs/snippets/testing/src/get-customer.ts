import { createPool } from 'warmpool'

export const pool = createPool() // DATABASE_URL, or DB_HOST, DB_USER, …

export const handler = pool.wrap(async ({ id }: { id: number }) => {
  const [[customer]] = await pool.query('SELECT id, name FROM customers WHERE id = ?', [id])
  return customer ?? null
})
