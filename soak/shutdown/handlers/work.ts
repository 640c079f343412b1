import type { Pool } from 'mysql2/promise'

/** What the invocations before the end have done. */
export const WORKS = [
  'one query',
  'two at once',
  'a transaction left open',
  'a transaction under way',
] as const

/** The event. */
export interface Work {
  readonly work: (typeof WORKS)[number]
  /** Whose rows they are. */
  readonly run: number
}

const insert = (run: number, half: number): [string, number[]] => [
  'INSERT INTO halves (run, half) VALUES (?, ?)',
  [run, half],
]

/** The same code for each pool: warmpool's is one of mysql2's to TypeScript. */
export const working = (pool: Pool) => {
  const works: Record<Work['work'], (run: number) => Promise<unknown>> = {
    'one query': () => pool.query('SELECT 1'),
    'two at once': () => Promise.all([pool.query('DO SLEEP(0.01)'), pool.query('DO SLEEP(0.01)')]),
    'a transaction left open': (run) => halfOf(pool, run),
    /** It answers meanwhile. What becomes of the rest is seen in the table. */
    async 'a transaction under way'(run) {
      const connection = await halfOf(pool, run)
      const rest = async () => {
        await connection.query('DO SLEEP(0.05)')
        await connection.query(...insert(run, 2))
        await connection.commit()
        connection.release()
      }
      rest().catch(() => {})
    },
  }
  return async ({ work, run }: Work): Promise<void> => {
    await works[work](run)
  }
}

async function halfOf(pool: Pool, run: number) {
  const connection = await pool.getConnection()
  await connection.beginTransaction()
  await connection.query(...insert(run, 1))
  return connection
}
