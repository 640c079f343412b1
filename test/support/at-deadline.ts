import { expect } from 'vitest'
import type { Pool } from '../../src/index.ts'
import { contextFor } from './context.ts'
import type { Database } from './database.ts'

/** What became of work that was still under way at its invocation's deadline. */
export interface Late {
  // biome-ignore lint/suspicious/noExplicitAny: whatever was thrown
  readonly error: any
  /** Milliseconds that Lambda would still have given when the handler heard of it. */
  readonly left: number
}

/** @param time milliseconds until the deadline, the margin not among them */
export async function atDeadline(
  pool: Pool,
  margin: number,
  work: (pool: Pool) => Promise<unknown>,
  time = 200,
): Promise<Late> {
  const handler = pool.wrap(
    async (_event: unknown, context: ReturnType<typeof contextFor>): Promise<Late> => {
      try {
        const came = await work(pool)
        throw new Error(`nothing was late: ${JSON.stringify(came)}`)
      } catch (error) {
        return { error, left: context.getRemainingTimeInMillis() }
      }
    },
  )
  return handler({}, contextFor(time + margin))
}

/** What others than the administrator run on the server, whoever a routine runs as. */
export async function sessions(server: Database): Promise<{ id: number; text: string | null }[]> {
  const sql = 'SELECT id, info AS text FROM information_schema.processlist WHERE id <> CONNECTION_ID()'
  return (await server.query(sql)).map(({ id, text }) => ({ id, text }))
}

/** Ends what a test that failed has left running, or the next ones would see it. */
export async function killAll(server: Database): Promise<void> {
  for (const { id } of await sessions(server)) await server.query(`KILL ${id}`).catch(() => {})
}

/** Resolves when the server runs a statement with `text` in it, on so many connections. @returns their ids */
export async function running(server: Database, text: string, count = 1): Promise<number[]> {
  let found: number[] = []
  const look = async () => {
    found = (await sessions(server)).flatMap((session) => (session.text?.includes(text) ? [session.id] : []))
    return found.length
  }
  await expect.poll(look, { interval: 5 }).toBe(count)
  return found
}

/** How many connections the server has been asked for since it started. */
export async function connectionsAsked(server: Database): Promise<number> {
  const [row] = await server.query("SHOW GLOBAL STATUS LIKE 'Connections'")
  return Number(row?.Value)
}
