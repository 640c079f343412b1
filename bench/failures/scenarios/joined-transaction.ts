import type { Pool } from 'mysql2/promise'
import type { Scenario } from '../scenario.ts'
import { order, TAKE_PIECE } from '../stage.ts'

const AUDIT = order('audit')

/** In parallel a transaction, which fails, and a query that has nothing to do with it, which is answered with success. */
export const joinedTransaction: Scenario = {
  title: 'Query beside a transaction: rolled back with it, though it was told to have succeeded',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['serverless-mysql'],
  play: async (container, stage) => {
    const answer = await container.invoke({
      pool: async (pool) => {
        await pool.query('SELECT 1')
        const begun = Promise.withResolvers<void>()
        const twice = takeTwice(pool, begun.resolve)
        const [, audited] = await Promise.allSettled([twice, begun.promise.then(() => pool.query(AUDIT))])
        return audited.status
      },
      serverlessMysql: async (db) => {
        await db.query('SELECT 1')
        const twice = db.transaction().query(TAKE_PIECE).query(order('one')).query(order('one'))
        const [, audited] = await Promise.allSettled([twice.commit(), db.query(AUDIT)])
        return audited.status
      },
    })
    if (!answer.ok) throw answer.error
    if ((await stage.piecesTaken()) > 0) throw new Error('The transaction was to fail.')
    return answer.value === 'fulfilled' && !(await stage.orders()).includes('audit')
  },
}

/** The same order twice: the second is a duplicate. */
async function takeTwice(pool: Pool, begun: () => void): Promise<void> {
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    await connection.query(TAKE_PIECE)
    begun()
    await connection.query(order('one'))
    await connection.query(order('one'))
    await connection.commit()
  } catch (error) {
    await connection.rollback()
    throw error
  } finally {
    connection.release()
  }
}
