import mysql from 'mysql2/promise'
import { afterAll, expect, test } from 'vitest'
import mysqlPool, { createPool } from '../src/index.ts'

const pool = createPool({ connection: { host: '127.0.0.1', port: 1 } })
afterAll(() => pool.end())

/** Untyped callers, and slips of the typed ones. */
const wrong: Record<string, () => unknown> = {
  'the middleware with a pool of mysql2': () => mysqlPool({ pool: mysql.createPool({}) as never }),
  'the middleware without the pool it names': () => mysqlPool({ pool: undefined as never }),
  'the middleware with nothing': () => mysqlPool(null as never),
  'the middleware with a pool and its options': () => mysqlPool({ pool, connectionLimit: 3 } as never),
  'wrap without a handler': () => pool.wrap(undefined as never),
  'transaction without a callback': () => pool.transaction(undefined as never),
  'withConnection without a callback': () => pool.withConnection(undefined as never),
  'end with a time that is none': () => pool.end({ timeout: -3 }),
}

test.each(Object.entries(wrong))('%s is refused in one sentence', async (_what, call) => {
  const refused = async () => call()
  await expect(refused()).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: expect.stringMatching(/^[^\n]+: received [^\n]+; accepted: [^\n]+$/),
  })
})
