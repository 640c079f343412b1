import { inspect } from 'node:util'
import type { ConnectionOptions } from 'mysql2'
import { createPool as createMysqlPool, type Pool } from 'mysql2/promise'
import { beforeAll, describe, expect, test } from 'vitest'
import { createPool, type PoolOptions } from '../src/index.ts'
import { escapes, executions, failures, type Queryable, queries, schema, undo } from './support/calls.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
const run = async (statements: string[]) => {
  for (const statement of statements) await server.current.query(statement)
}
beforeAll(() => run(schema))

type Call = (on: Queryable) => unknown
/** Makes a call on a pool, or on a connection of it. */
type Way = (pool: Pool, call: Call) => unknown

/** All there is to see of a result with its columns, or of an error. */
async function outcome(pool: Pool, way: Way, call: Call): Promise<string> {
  try {
    return inspect(await way(pool, call), { depth: 9 })
  } catch (error) {
    const { code, errno, sqlState, sqlMessage, message } = error as Record<string, unknown>
    return `failed: ${inspect({ code, errno, sqlState, sqlMessage, message })}`
  } finally {
    await run(undo)
  }
}

/** The call made on a pool of mysql2's and on ours, each on the same data. */
async function onBoth(way: Way, call: Call, options: ConnectionOptions, proxy = false) {
  const { host, port, user, password, database } = server.current
  const connection = { host, port, user, password, database, ...options }
  await using mysqlPool = createMysqlPool({ ...connection, connectionLimit: 1 })
  await using ourPool = createPool({ connection: connection as PoolOptions['connection'] & object, proxy })
  return { theirs: await outcome(mysqlPool, way, call), ours: await outcome(ourPool, way, call) }
}

describe.each<[string, Way]>([
  ['pool', (pool, call) => call(pool)],
  [
    'connection',
    async (pool, call) => {
      const connection = await pool.getConnection()
      try {
        return await call(connection)
      } finally {
        connection.release()
      }
    },
  ],
])('on a %s, as on one of mysql2,', (_, way) => {
  describe.each([
    ['query', queries],
    ['execute', executions],
    ['escape or format', escapes],
  ])('%s gives the same:', (_, calls) => {
    test.each(calls)('%s', async (_, call, options = {}) => {
      const { ours, theirs } = await onBoth(way, call, options)
      expect(theirs).not.toMatch(/^failed/) // or the call is not what it is meant to be
      expect(ours).toBe(theirs)
    })
  })

  test.each(failures)('this fails the same way: %s', async (_, call, options = {}) => {
    const { ours, theirs } = await onBoth(way, call, options)
    expect(theirs).toMatch(/^failed/)
    expect(ours).toBe(theirs)
  })
})

describe('execute() as text, for RDS Proxy, gives the same rows:', () => {
  const rows: Way = async (pool, call) => ((await call(pool)) as unknown[])[0]

  test.each(executions)('%s', async (_, call, options = {}) => {
    const { ours, theirs } = await onBoth(rows, call, options, true)
    expect(ours).toBe(theirs)
  })
})
