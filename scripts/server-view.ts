import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from 'warmpool-local'

/** What became of connections, as the server counted them. */
export interface Connections {
  readonly opened: number
  /** Ended without a goodbye: killed by the server, or the client vanished. */
  readonly aborted: number
  /** In the process list now. */
  readonly left: number
}

/** Counts from now on, until the function that it resolves with is called. */
export async function watchConnections(database: Database): Promise<() => Promise<Connections>> {
  const before = await counters(database)
  return async () => {
    const after = await counters(database)
    return {
      opened: after.opened - before.opened,
      aborted: after.aborted - before.aborted,
      left: (await database.connections()).length,
    }
  }
}

/** Resolves when the process list shows none of the application's, but no later than in a second. */
export async function whenGone(database: Database): Promise<void> {
  const until = Date.now() + 1000
  while (Date.now() < until && (await database.connections()).length > 0) await sleep(5)
}

/** The number that a query such as `SELECT COUNT(*) …` gives. */
export async function count(database: Database, sql: string, values: unknown[] = []): Promise<number> {
  const [row] = await database.query(sql, values)
  return Number(Object.values(row ?? {})[0])
}

/** Such as `MariaDB 10.11.19`. */
export function serverName({ version }: Database): string {
  return `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`
}

async function counters(database: Database) {
  const rows = await database.query(
    "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connections', 'Aborted_clients')",
  )
  const value = (name: string) => Number(rows.find((row) => row.Variable_name === name)?.Value)
  return { opened: value('Connections'), aborted: value('Aborted_clients') }
}
