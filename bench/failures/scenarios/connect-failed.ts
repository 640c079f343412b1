import mysql from 'mysql2/promise'
import { everywhere, type Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'

const ask = (query: (sql: string) => Promise<unknown>) => query('SELECT 1')

/** The first invocation comes while the database is not there, the second when it is. */
export const rejectionKept: Scenario = {
  title:
    'Connection promise cached at module scope (the pattern of @middy/rds): one rejection fails all later invocations',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2'],
  play: async (container, stage) => {
    let cached: Promise<mysql.Connection> | undefined
    const connect = () => (cached ??= mysql.createConnection(stage.url))
    const work: Work = {
      ...everywhere(ask),
      mysql2: async () => (await connect()).query('SELECT 1'),
    }
    await stage.drop()
    const first = await container.invoke(work)
    await stage.create()
    if (first.ok) throw new Error('The first invocation was to fail.')
    const second = await container.invoke(work)
    await cached?.then(
      (connection) => connection.end(),
      () => {},
    )
    return !second.ok
  },
}

/** A program acts on codes: it tells a database that is missing from a server that is busy. */
export const codeLost: Scenario = {
  title: "Connecting fails: neither the error nor its `cause` has the server's `code`",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['serverless-mysql'],
  play: async (container, stage) => {
    await stage.drop()
    const answer = await container.invoke(everywhere(ask))
    await stage.create()
    if (answer.ok) throw new Error('The invocation was to fail.')
    return !codes(answer.error).includes('ER_BAD_DB_ERROR')
  },
}

function codes(error: unknown): unknown[] {
  if (!(error instanceof Error)) return []
  return ['code' in error ? error.code : undefined, ...codes(error.cause)]
}
