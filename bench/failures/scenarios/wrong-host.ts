import { connect } from 'node:net'
import mysql from 'mysql2/promise'
import serverlessMysql from 'serverless-mysql'
import { createPool } from 'warmpool'
import type { Scenario } from '../scenario.ts'

/** It has a good certificate, but of another host: whoever has one of the same authority can be in the middle. */
export const wrongHost: Scenario = {
  title: "TLS with the authority's certificate given: a server that shows another host's is trusted",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    const { ca, host, port, ...account } = stage.account
    const stream = () => connect(port, host)
    const connection = { ...account, host: 'db.example', stream }
    const answer = await container.invoke({
      mysql2: async () => {
        await using client = await mysql.createConnection({ ...connection, ssl: { ca } })
        await client.query('SELECT 1')
      },
      serverlessMysql: async () => {
        const db = serverlessMysql({ config: { ...connection, ssl: { ca } } })
        await db.query('SELECT 1')
        db.quit()
      },
      warmpool: async () => {
        const pool = createPool({ connection, tls: { ca } })
        await pool.query('SELECT 1').finally(() => pool.end())
      },
    })
    if (!answer.ok && !/certificate/.test(String(answer.error))) throw answer.error
    return answer.ok
  },
}
