import { createPool } from 'mysql2/promise'

/** As mysql2's own users write it. */
const pool = createPool({ uri: String(process.env.DATABASE_URL), connectionLimit: 1 })

export async function handler() {
  const [rows] = await pool.query('SELECT 1 AS one')
  return rows
}
