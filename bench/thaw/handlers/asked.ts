import { setImmediate as step } from 'node:timers/promises'
import mysql, { type Pool, type RowDataPacket } from 'mysql2/promise'

/** What an invocation tells. */
export interface Asked {
  /** The session's number at the server. */
  readonly connection: number
  /** Milliseconds from the first thing done for each query until its row was there. */
  readonly took: readonly number[]
}

/** How many queries, one after the other; default 1. */
export interface Event {
  readonly queries?: number
}

const SELECT = 'SELECT CONNECTION_ID() AS connection, name FROM t WHERE id = 1'

/** The handler of a policy. @param look what it does before it takes its connection */
export const asking =
  (pool: Pool, look: () => Promise<unknown> | undefined = () => undefined) =>
  async ({ queries = 1 }: Event): Promise<Asked> => {
    const took: number[] = []
    let connection = 0
    while (took.length < queries) {
      const start = performance.now()
      await look()
      const [[row]] = await pool.query<RowDataPacket[]>(SELECT)
      took.push(performance.now() - start)
      connection = row?.connection
    }
    return { connection, took }
  }

export function mysql2Pool(): Pool {
  return mysql.createPool({ uri: process.env.DATABASE_URL as string, connectionLimit: 2 })
}

/** One whole turn of the event loop: what the kernel knows comes to its socket, and the pool takes that one out. */
export async function turn(): Promise<void> {
  await step()
  await step()
}
