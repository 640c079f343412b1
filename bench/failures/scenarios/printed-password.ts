import { inspect } from 'node:util'
import type { Scenario } from '../scenario.ts'

export const printedPassword: Scenario = {
  title: '`console.log(connection)`: prints the password',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    const answer = await container.invoke({
      pool: async (pool) => {
        const connection = await pool.getConnection()
        const printed = inspect(connection)
        connection.release()
        return printed
      },
      serverlessMysql: async (db) => {
        await db.connect()
        return inspect(db.getClient())
      },
    })
    if (!answer.ok) throw answer.error
    return String(answer.value).includes(stage.account.password)
  },
}
