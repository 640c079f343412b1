import middy from '@middy/core'
import { afterEach, expect, test } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
afterEach(() => pool.end())

test('warm invocations use one connection', async () => {
  pool = createPool({ connection: server.current.url })
  const handler = middy<{ id: number }>()
    .use(mysqlPool({ pool }))
    .handler(
      async ({ id }, { db }) => (await db.query('SELECT ? AS id, CONNECTION_ID() AS thread', [id]))[0][0],
    )
  const threads = new Set<unknown>()
  for (let id = 0; id < 500; id++) {
    const row = await handler({ id }, contextFor())
    expect(row).toMatchObject({ id })
    threads.add((row as { thread: number }).thread)
  }
  expect(threads.size).toBe(1)
  expect(await server.current.connections()).toHaveLength(1)
})
