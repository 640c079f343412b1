import type { Scenario } from '../scenario.ts'
import { order, TAKE_PIECE } from '../stage.ts'

/** A failover, a KILL, a restart: whatever takes the connection while the transaction's second of three statements runs. */
export const connectionLost: Scenario = {
  title: 'Connection lost in a transaction: its rest is committed without its beginning',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['serverless-mysql'],
  play: async (container, stage) => {
    await stage.lockStock()
    const answer = container.invoke({
      pool: async (pool) => {
        const connection = await pool.getConnection()
        try {
          await connection.beginTransaction()
          await connection.query(order('first'))
          await connection.query(TAKE_PIECE)
          await connection.query(order('last'))
          await connection.commit()
        } catch (error) {
          await connection.rollback().catch(() => {})
          throw error
        } finally {
          connection.release()
        }
      },
      warmpool: (pool) =>
        pool.transaction(async (tx) => {
          await tx.query(order('first'))
          await tx.query(TAKE_PIECE)
          await tx.query(order('last'))
        }),
      serverlessMysql: (db) =>
        db.transaction().query(order('first')).query(TAKE_PIECE).query(order('last')).commit(),
    })
    await stage.until(async () => (await stage.running(TAKE_PIECE)).length > 0)
    await stage.stop('CONNECTION', TAKE_PIECE)
    await stage.unlockStock()
    const { ok } = await answer
    await stage.quiet()
    const parts = [...(await stage.orders()), ...Array(await stage.piecesTaken()).fill('piece')]
    return parts.length !== (ok ? 3 : 0)
  },
}
