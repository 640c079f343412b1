import mysql from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { seed } from '../scripts/seed.ts'
import { createPool } from '../src/index.ts'
import placeOrderSample from './events/place-order.json' with { type: 'json' }
import { answerOf, getOrderEvent, invoke, listProductsEvent, placeOrderEvent } from './open-shop.ts'
import { databaseForFile } from './support/database.ts'
import { reachByName } from './support/stand-in-proxy/by-name.ts'
import { eventually } from './support/stand-in-proxy/plain-client.ts'
import { StandInProxy } from './support/stand-in-proxy/stand-in-proxy.ts'

const server = databaseForFile()
let proxy: StandInProxy
const handlers: Record<string, unknown> = {}
beforeAll(async () => {
  await using direct = createPool({ name: 'seed', connection: server.current.url })
  await seed(direct)
  proxy = await StandInProxy.before(server.current)
  vi.stubEnv('DATABASE_URL', undefined)
  for (const [name, value] of Object.entries(reachByName(proxy))) vi.stubEnv(name, value)
  for (const name of ['get-order', 'place-order', 'list-products', 'import-orders', 'migrate'])
    handlers[name] = (await import(`../handlers/${name}.ts`)).handler
})
afterAll(async () => {
  await (await import('../handlers/database.ts')).pool.end()
  await proxy[Symbol.asyncDispose]()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})
beforeEach(() => {
  proxy.pinned.length = 0
  for (const name of Object.keys(proxy.commands)) delete proxy.commands[name]
})

/** Nothing is pinned, borrowed, or left in a transaction; only statements have come, and all of them by TLS. */
async function expectNothingKept(): Promise<void> {
  expect(proxy.pinned).toEqual([])
  expect(Object.keys(proxy.commands)).toEqual(['QUERY'])
  expect(proxy.refused).toEqual([])
  await eventually(() => expect(proxy.servers.idle).toBe(proxy.servers.total))
  const [open] = await server.current.query('SELECT COUNT(*) AS open FROM information_schema.innodb_trx')
  expect(open?.open).toBe(0)
}

const stock = async (id: number) =>
  (await server.current.query('SELECT stock FROM products WHERE id = ?', [id]))[0]?.stock

test('the whole shop works and pins nothing', async () => {
  const before = await stock(11)
  await invoke(handlers.migrate, {})
  const orders = ['one', 'two', 'three'].map((key) => placeOrderEvent(placeOrderSample.body, key))
  const placed = await Promise.all(orders.map((order) => answerOf(handlers['place-order'], order)))
  expect(placed.map(({ status }) => status)).toEqual([201, 201, 201])
  for (const { body } of placed) {
    expect((await answerOf(handlers['get-order'], getOrderEvent(body.id))).body).toEqual(body)
  }
  expect(await stock(11)).toBe(before - 6)
  expect((await answerOf(handlers['list-products'], listProductsEvent())).body.products).toHaveLength(20)
  const message = (reference: string) => ({
    messageId: reference,
    body: JSON.stringify({ reference, customerId: 7, lines: [{ productId: 11, quantity: 1 }] }),
  })
  const Records = Array.from({ length: 20 }, (_, number) => message(`order-${number}`))
  expect(await invoke(handlers['import-orders'], { Records })).toEqual({ batchItemFailures: [] })
  expect(await stock(11)).toBe(before - 26)
  await expectNothingKept()
})

test('what fails leaves nothing open and pins nothing', async () => {
  const lines = [12, 50].map((productId) => ({ productId, quantity: 1 }))
  const before = await stock(12)
  const soldOut = await answerOf(handlers['place-order'], placeOrderEvent({ customerId: 7, lines }))
  const nobody = await answerOf(handlers['place-order'], placeOrderEvent({ customerId: 999_999, lines }))
  const none = await answerOf(handlers['get-order'], getOrderEvent(999_999))
  expect([soldOut.status, nobody.status, none.status]).toEqual([409, 400, 404])
  expect(await stock(12)).toBe(before)
  await expectNothingKept()
})

test('execute() pins a plain mysql2 pool, and not ours', async () => {
  const { connection } = proxy
  const plain = mysql.createPool({
    ...connection,
    ssl: { ca: proxy.ca },
    enableCleartextPlugin: true,
    connectionLimit: 2,
  })
  await using ours = createPool({ connection, tls: { ca: proxy.ca }, proxy: true, connectionLimit: 2 })
  const work = (pool: Pick<typeof plain, 'execute'>) =>
    Promise.all(
      [1, 2].map(async (id) => {
        const [[product]] = await pool.execute<mysql.RowDataPacket[]>(
          'SELECT sku, price_cents FROM products WHERE id = ? AND SLEEP(0.05) = 0',
          [id],
        )
        const [written] = await pool.execute<mysql.ResultSetHeader>(
          'UPDATE products SET stock = stock + ? WHERE id = ?',
          [1, id],
        )
        return { ...product, changed: written.affectedRows }
      }),
    )
  const ourWork = await work(ours)
  await expectNothingKept()
  expect(ourWork).toEqual(await work(plain))
  expect(proxy.pinned.map(({ reason }) => reason)).toEqual(['prepared statement', 'prepared statement'])
  expect(proxy.servers.total - proxy.servers.idle).toBe(2) // which nobody else may use
  await plain.end()
})
