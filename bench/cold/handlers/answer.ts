import type { Pool } from 'mysql2/promise'

/** What the first invocation of a container tells, milliseconds. */
export interface Answer {
  /** From the start of the process until the first row was there. */
  readonly firstRow: number
  /** Of that, what the query took: with what was still to be done of connecting. */
  readonly first: number
  /** Of queries after it, each on the connection that is open by then. */
  readonly later: readonly number[]
}

const LATER = 5

export const answering = (pool: Pool) => async (): Promise<Answer> => {
  const first = await time(pool)
  const firstRow = performance.now()
  const later: number[] = []
  while (later.length < LATER) later.push(await time(pool))
  return { firstRow, first, later }
}

async function time(pool: Pool): Promise<number> {
  const start = performance.now()
  await pool.query('SELECT 1 AS one')
  return performance.now() - start
}
