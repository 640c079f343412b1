import { createPool } from '../../src/index.ts'

const pool = createPool({ connectionLimit: 1 })
const now = Date.now.bind(Date)
let off = 0
Date.now = () => now() + off

async function ask(): Promise<number> {
  const [rows] = await pool.query('SELECT 1 AS one')
  return rows[0]?.one
}

/** In the middle of the invocation the wall clock is set. @param shift milliseconds */
export const handler = pool.wrap(async ({ shift }: { shift: number }, _context: unknown) => {
  const before = await ask()
  off += shift
  return { before, after: await ask() }
})
