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

test('a pool with another password is another: neither has the other’s connections', async () => {
  await server.current.query("CREATE USER twice IDENTIFIED BY 'right'")
  const { host, port } = server.current
  const withPassword = (password: string) =>
    createPool({ connection: { host, port, user: 'twice', password } })
  pool = withPassword('right')
  await pool.query('SELECT 1')
  await using wrong = withPassword('wrong')
  await expect(wrong.query('SELECT 1')).rejects.toMatchObject({ cause: { errno: 1045 } })
  await using again = withPassword('right')
  await again.query('SELECT 1')
  expect(again.stats().opened).toBe(1)
})
