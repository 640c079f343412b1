import type { RowDataPacket } from 'mysql2'
import type { Connection } from '../../../src/index.ts'
import type { Database } from '../database.ts'
import type { Left } from './commands.ts'

const LEAVE: Record<Left, readonly string[]> = {
  nothing: ['SELECT 1'],
  transaction: ['START TRANSACTION', 'INSERT INTO uncommitted VALUES (1)'],
  state: [
    'SET @trace = 1',
    'CREATE TEMPORARY TABLE shadowed AS SELECT 1 AS id',
    "SELECT GET_LOCK('trace', 0)",
  ],
}

/** Must not show anything to whoever uses a connection after somebody else. */
export const LOOK = `SELECT
  @trace AS variable,
  (SELECT COUNT(*) FROM shadowed) AS temporary,
  (SELECT COUNT(*) FROM uncommitted) AS uncommitted`

export async function makeTraceable(database: Database): Promise<void> {
  await database.query('CREATE TABLE shadowed (id INT)')
  await database.query('CREATE TABLE uncommitted (id INT)')
}

/** Uses a session and does not clean up. */
export async function leaveTraces(connection: Connection, left: Left): Promise<void> {
  for (const sql of LEAVE[left]) await connection.query(sql)
}

export function seenIn([row]: RowDataPacket[]): string[] {
  const clean = { variable: null, temporary: 0, uncommitted: 0 }
  return Object.entries(clean).flatMap(([what, expected]) => (row?.[what] === expected ? [] : [what]))
}

/** What a session shows of others. A lock is looked for from outside: whoever asks for it is dirty himself. */
export async function tracesIn(connection: Connection, database: Database): Promise<string[]> {
  const [rows] = await connection.query(LOOK)
  const [lock] = await database.query<RowDataPacket[]>("SELECT IS_USED_LOCK('trace') AS thread")
  return lock?.thread === connection.threadId ? ['lock', ...seenIn(rows)] : seenIn(rows)
}
