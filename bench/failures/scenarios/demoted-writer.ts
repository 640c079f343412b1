import type { Pool, RowDataPacket } from 'mysql2/promise'
import type { Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'
import { order } from '../stage.ts'

const WRITE = order('written')
const WHOSE = 'SELECT CONNECTION_ID() AS id'

/** After a failover, only a new connection can lead to the new writer; the old one answers, but refuses every write. */
export const demotedWriter: Scenario = {
  title: 'Writer demoted by a failover: the connection to it, which refuses writes, is used again',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    const before = await container.invoke(whose)
    await stage.readOnly(async () => {
      const { ok } = await container.invoke(write)
      if (ok) throw new Error('The write was to be refused.')
    })
    const after = await container.invoke(whose)
    if (!before.ok || !after.ok) throw new Error('Reading was to succeed.')
    return before.value === after.value
  },
}

const write: Work = {
  pool: async (pool: Pool) => {
    const connection = await pool.getConnection()
    try {
      await connection.query(WRITE)
    } finally {
      connection.release()
    }
  },
  serverlessMysql: (db) => db.query(WRITE),
}

const whose: Work = {
  pool: async (pool) => (await pool.query<RowDataPacket[]>(WHOSE))[0][0]?.id,
  serverlessMysql: async (db) => (await db.query<{ id: number }[]>(WHOSE))[0]?.id,
}
