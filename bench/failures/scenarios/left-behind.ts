import { everywhere, type Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'
import { order } from '../stage.ts'

/** Throws in the middle of a transaction, gives the connection back, but does not roll back. */
const throwInTransaction: Work = {
  pool: async (pool) => {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      await connection.query(order('half'))
      throw new Error('The card was declined.')
    } finally {
      connection.release()
    }
  },
  serverlessMysql: async (db) => {
    await db.query('START TRANSACTION')
    await db.query(order('half'))
    throw new Error('The card was declined.')
  },
}

/** Does everything right; START TRANSACTION commits what is open. */
const placeOrder: Work = {
  pool: async (pool) => {
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await connection.query(order('whole'))
    await connection.commit()
    connection.release()
  },
  serverlessMysql: (db) => db.transaction().query(order('whole')).commit(),
}

export const transactionLeftOpen: Scenario = {
  title: 'Transaction left open by a handler that threw: committed by the next invocation',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    await container.invoke(throwInTransaction)
    const answer = await container.invoke(placeOrder)
    if (!answer.ok) throw answer.error
    return (await stage.orders()).includes('half')
  },
}

export const variableLeftSet: Scenario = {
  title: '`SET @customer` by one invocation: read by the next',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    await container.invoke(everywhere((query) => query("SET @customer = 'somebody else'")))
    const guest = "INSERT INTO orders VALUES (COALESCE(@customer, 'guest'))"
    const answer = await container.invoke(everywhere((query) => query(guest)))
    if (!answer.ok) throw answer.error
    return !(await stage.orders()).includes('guest')
  },
}
