import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2'
import type { Database } from 'warmpool-local'

const LISTED = 'SELECT ID FROM information_schema.PROCESSLIST WHERE ID IN (?)'
const PATIENCE = 5000

/** Kills these sessions, and nobody else's; resolves when the server lists none of them. */
export async function killSessions(database: Pick<Database, 'query'>, ids: readonly number[]): Promise<void> {
  const listed = () => database.query<RowDataPacket[]>(LISTED, [ids])
  if (ids.length === 0) return
  for (const { ID } of await listed()) await database.query(`KILL ${ID}`).catch(unlessGone)
  for (const until = Date.now() + PATIENCE; (await listed()).length > 0; await sleep(1))
    if (Date.now() > until) throw new Error(`The server has not closed what was killed in ${PATIENCE} ms.`)
}

function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ER_NO_SUCH_THREAD') throw error
}
