import type { Pool } from 'mysql2/promise'
import type { Scenario } from '../scenario.ts'

/** Lambda's, milliseconds. */
const TIMEOUT = 100

/** Such as a query on the pool inside of a transaction, while others do the same: no connection is left, none comes back. */
export const heldByOneself: Scenario = {
  title:
    'All connections held by the handler that asks for one more: waits until the timeout, and no error says why',
  contestants: ['mysql2', 'warmpool'],
  fails: ['mysql2'],
  connectionLimit: 1,
  play: async (container) => {
    const work = async (pool: Pool) => {
      const connection = await pool.getConnection()
      try {
        await pool.query('SELECT 1')
      } finally {
        connection.release()
      }
    }
    const answer = await container.invoke({ pool: work }, TIMEOUT)
    if (answer.ok) throw new Error('The invocation was to fail.')
    return !String(answer.error).includes('connection')
  },
}
