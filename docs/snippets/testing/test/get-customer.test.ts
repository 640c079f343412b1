import { afterAll, expect, test } from 'vitest'
import { startShop } from './shop.ts'

const database = await startShop()
process.env.DATABASE_URL = database.url
const { handler, pool } = await import('../src/get-customer.ts') // after it knows where the database is
afterAll(async () => {
  await pool.end()
  await database[Symbol.asyncDispose]()
})

test('finds a customer', async () => {
  expect(await handler({ id: 1 })).toEqual({ id: 1, name: 'Ada' })
})

test('finds nobody', async () => {
  expect(await handler({ id: 2 })).toBeNull()
})
