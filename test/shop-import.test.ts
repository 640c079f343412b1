import type { SQSBatchResponse } from 'aws-lambda'
import { createConnection } from 'mysql2/promise'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { importBatch, importedOrder } from './events/import-batch.ts'
import importOrdersSample from './events/import-orders.json' with { type: 'json' }
import { invoke, openShop } from './open-shop.ts'

let shop: Awaited<ReturnType<typeof openShop>>
let importOrders: unknown
beforeAll(async () => {
  shop = await openShop()
  importOrders = (await import('../handlers/import-orders.ts')).handler
  vi.spyOn(console, 'error').mockImplementation(() => {})
}, 60_000)
afterAll(() => shop[Symbol.asyncDispose]())

async function failuresOf(event: unknown, remaining?: number): Promise<string[]> {
  const { batchItemFailures } = await invoke<SQSBatchResponse>(importOrders, event, remaining)
  return batchItemFailures.map(({ itemIdentifier }) => itemIdentifier)
}

const indexed = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, index) => make(index))

it('imports a batch', async () => {
  const before = await shop.count('orders')
  expect(await failuresOf(importOrdersSample)).toEqual([])
  expect(await shop.count('orders')).toBe(before + 3)
})

it('imports 300 messages but for the 3 that are poisoned, and reports exactly those', async () => {
  const before = { orders: await shop.count('orders'), stock: await shop.stock(1) }
  const bodies: unknown[] = indexed(300, (index) => importedOrder(index))
  bodies[17] = 'not JSON'
  bodies[150] = { ...importedOrder(150), customerId: 999_999 }
  bodies[299] = { ...importedOrder(299), lines: [{ productId: 50, quantity: 1 }] } // sold out
  expect(await failuresOf(importBatch(bodies))).toEqual(['message-17', 'message-150', 'message-299'])
  expect(await shop.count('orders')).toBe(before.orders + 297)
  expect(await shop.stock(1)).toBe(before.stock - 8) // every fortieth of 300
})

it('imports a message that comes again, in the same batch or a later one, once', async () => {
  const before = await shop.count('orders')
  const bodies = indexed(40, (index) => importedOrder(index % 4, `twice-${index % 4}`))
  expect(await failuresOf(importBatch(bodies))).toEqual([])
  expect(await failuresOf(importBatch(bodies))).toEqual([])
  expect(await shop.count('orders')).toBe(before + 4)
})

it('works on as many messages at once as there are connections', async () => {
  const seen: number[] = []
  const watch = setInterval(async () => seen.push((await shop.database.connections()).length), 5)
  await failuresOf(importBatch(indexed(200, (index) => importedOrder(index, `bounded-${index}`))))
  clearInterval(watch)
  expect(Math.max(...seen)).toBe(2)
})

it('gives back what it had no time for, and nothing of that lands later', async () => {
  const before = await shop.count('orders')
  const elsewhere = await createConnection(shop.database.url)
  await elsewhere.beginTransaction()
  await elsewhere.query('SELECT * FROM products WHERE id = 30 FOR UPDATE')
  const stuck = { lines: [{ productId: 30, quantity: 1 }] }
  const bodies = indexed(100, (index) => ({
    ...importedOrder(index, `late-${index}`),
    ...(index >= 10 && stuck),
  }))

  const failed = await failuresOf(importBatch(bodies), 1500)
  expect(failed).toEqual(indexed(90, (index) => `message-${index + 10}`))

  await elsewhere.rollback() // sets free whatever might still be waiting for the product
  await elsewhere.end()
  expect(await failuresOf(importBatch([importedOrder(0, 'afterwards')]))).toEqual([])
  expect(await shop.count('orders')).toBe(before + 11)
})
