import { readdir, readFile } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import placeOrderSample from './events/place-order.json' with { type: 'json' }
import placeOrderBad from './events/place-order-bad.json' with { type: 'json' }
import { answerOf, getOrderEvent, invoke, listProductsEvent, openShop, placeOrderEvent } from './open-shop.ts'

let shop: Awaited<ReturnType<typeof openShop>>
let getOrder: unknown
let placeOrder: unknown
beforeAll(async () => {
  shop = await openShop()
  getOrder = (await import('../handlers/get-order.ts')).handler
  placeOrder = (await import('../handlers/place-order.ts')).handler
}, 60_000)
afterAll(() => shop[Symbol.asyncDispose]())

const written = async () => ({ orders: await shop.count('orders'), lines: await shop.count('order_lines') })

describe('get-order', () => {
  it('answers with the order, its lines and their total', async () => {
    const { status, body } = await answerOf(getOrder, getOrderEvent(42))
    expect(status).toBe(200)
    expect(body).toMatchObject({ id: 42, customerId: expect.any(Number) })
    const total = body.lines.reduce((sum: number, line: Record<string, number>) => {
      return sum + Number(line.quantity) * Number(line.unitPriceCents)
    }, 0)
    expect(body.totalCents).toBe(total)
    const rows = await shop.database.query(
      'SELECT product_id AS productId FROM order_lines WHERE order_id = 42',
    )
    expect(body.lines).toHaveLength(rows.length)
  })

  it('answers 404 when there is none', async () => {
    expect(await answerOf(getOrder, getOrderEvent(999_999))).toMatchObject({
      status: 404,
      body: 'There is no order 999999.',
    })
  })

  it.each(['abc', '0', '-1', '1e3', '42; DROP TABLE orders', '99999999999'])(
    'answers 400 for the id %s',
    async (id) => {
      expect((await answerOf(getOrder, getOrderEvent(id))).status).toBe(400)
    },
  )
})

describe('place-order', () => {
  it('takes the stock and writes the order, which can then be read', async () => {
    const before = await shop.stock(11)
    const { status, headers, body } = await answerOf(placeOrder, placeOrderSample)
    expect(status).toBe(201)
    expect(body).toMatchObject({
      customerId: 7,
      lines: [
        { productId: 3, quantity: 1, unitPriceCents: expect.any(Number) },
        { productId: 11, quantity: 2, unitPriceCents: expect.any(Number) },
      ],
    })
    expect(headers?.Location).toBe(`/orders/${body.id}`)
    expect(await shop.stock(11)).toBe(before - 2)
    const read = await answerOf(getOrder, getOrderEvent(body.id))
    expect(read.body).toEqual(body)
  })

  it('answers 409 when a product is sold out, and takes nothing of the others either', async () => {
    const before = { ...(await written()), stock: await shop.stock(12) }
    const lines = [
      { productId: 12, quantity: 1 },
      { productId: 50, quantity: 1 },
    ]
    expect(await answerOf(placeOrder, placeOrderEvent({ customerId: 7, lines }))).toMatchObject({
      status: 409,
      body: 'Product 50 is sold out: 0 left, 1 wanted.',
    })
    expect({ ...(await written()), stock: await shop.stock(12) }).toEqual(before)
  })

  it('sells the last one once', async () => {
    await shop.database.query('UPDATE products SET stock = 1 WHERE id = 13')
    const event = placeOrderEvent({ customerId: 7, lines: [{ productId: 13, quantity: 1 }] })
    const answers = await Promise.all([1, 2, 3, 4].map(() => answerOf(placeOrder, event)))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409])
    expect(await shop.stock(13)).toBe(0)
  })

  const bad = {
    'a quantity of 0': placeOrderBad.body,
    'half a product': { customerId: 7, lines: [{ productId: 11, quantity: 1.5 }] },
    'no lines': { customerId: 7, lines: [] },
    'a product twice': { customerId: 7, lines: [1, 2].map((quantity) => ({ productId: 11, quantity })) },
    'an unknown customer': { customerId: 999_999, lines: [{ productId: 11, quantity: 1 }] },
    'an unknown product': { customerId: 7, lines: [{ productId: 999_999, quantity: 1 }] },
    'an object for an id': { customerId: { id: 7 }, lines: [{ productId: 11, quantity: 1 }] },
    'something else than JSON': 'customerId=7',
    'an empty body': '',
  }
  it.each(Object.entries(bad))('answers 400 for %s, and writes nothing', async (_, body) => {
    const before = await written()
    const answer = await answerOf(placeOrder, placeOrderEvent(body))
    expect(answer.status).toBe(400)
    expect(answer.body).toMatch(/\w/)
    expect(await written()).toEqual(before)
  })
})

describe('an idempotency key', () => {
  const lines = [
    { productId: 22, quantity: 1 },
    { productId: 21, quantity: 3 },
  ]
  const order = { customerId: 8, lines }

  it('gives a replay the first answer, and takes the stock once', async () => {
    const before = await shop.stock(21)
    const first = await answerOf(placeOrder, placeOrderEvent(order, 'replay-1'))
    const again = await answerOf(placeOrder, placeOrderEvent(order, 'replay-1'))
    expect(first.status).toBe(201)
    expect(again).toEqual(first)
    expect(await shop.stock(21)).toBe(before - 3)
  })

  it('does so for replays that run at the same time', async () => {
    const before = { ...(await written()), stock: await shop.stock(21) }
    const event = placeOrderEvent(order, 'replay-2')
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => answerOf(placeOrder, event)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.id}`)).size).toBe(1)
    expect({ ...(await written()), stock: await shop.stock(21) }).toEqual({
      orders: before.orders + 1,
      lines: before.lines + 2,
      stock: before.stock - 3,
    })
  })

  it('gives the first answer even when the product has sold out since', async () => {
    const first = await answerOf(placeOrder, placeOrderEvent(order, 'replay-3'))
    const left = await shop.stock(21)
    await shop.database.query('UPDATE products SET stock = 0 WHERE id = 21')
    expect(await answerOf(placeOrder, placeOrderEvent(order, 'replay-3'))).toEqual(first)
    await shop.database.query('UPDATE products SET stock = ? WHERE id = 21', [left])
  })

  it('is free again after a 409', async () => {
    const event = placeOrderEvent({ customerId: 8, lines: [{ productId: 100, quantity: 1 }] }, 'restocked')
    expect((await answerOf(placeOrder, event)).status).toBe(409)
    await shop.database.query('UPDATE products SET stock = 1 WHERE id = 100')
    expect((await answerOf(placeOrder, event)).status).toBe(201)
  })

  it('is a customer’s own', async () => {
    const mine = await answerOf(placeOrder, placeOrderEvent(order, 'shared-key'))
    const theirs = await answerOf(placeOrder, placeOrderEvent({ ...order, customerId: 9 }, 'shared-key'))
    expect(theirs.body).toMatchObject({ customerId: 9 })
    expect(theirs.body.id).not.toBe(mine.body.id)
  })

  it('that is too long or not plain text is a 400', async () => {
    for (const key of ['', 'ключ', 'two words', 'x'.repeat(101)]) {
      expect((await answerOf(placeOrder, placeOrderEvent(order, key))).status).toBe(400)
    }
  })
})

describe('list-products, with Drizzle over the same pool', () => {
  it('pages through all products', async () => {
    const { handler } = await import('../handlers/list-products.ts')
    const first = await answerOf(handler, listProductsEvent())
    expect(first).toMatchObject({ status: 200, body: { after: 20 } })
    expect(first.body.products[0]).toEqual({
      id: 1,
      sku: 'SKU-00001',
      name: expect.any(String),
      priceCents: expect.any(Number),
      stock: await shop.stock(1),
    })
    expect((await answerOf(handler, listProductsEvent({ after: '490' }))).body).toMatchObject({ after: 500 })
    expect((await answerOf(handler, listProductsEvent({ after: '500' }))).body).toEqual({
      products: [],
      after: null,
    })
    expect((await answerOf(handler, listProductsEvent({ after: 'x' }))).status).toBe(400)
  })
})

describe('migrate', () => {
  it('runs twice and leaves what is there', async () => {
    const { handler } = await import('../handlers/migrate.ts')
    const before = await written()
    const tables = ['products', 'customers', 'orders', 'order_lines']
    expect(await invoke(handler, {})).toEqual({ tables })
    expect(await invoke(handler, {})).toEqual({ tables })
    expect(await written()).toEqual(before)
  })
})

it('is made of handlers under 40 lines that import only public names', async () => {
  const directory = new URL('../handlers/', import.meta.url)
  const sources = (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.ts'))
  const texts = await Promise.all(sources.map((name) => readFile(new URL(name, directory), 'utf8')))
  const handlers = texts.filter((text) => text.includes('export const handler'))
  expect(handlers).toHaveLength(5)
  expect(Math.max(...handlers.map((text) => text.split('\n').length))).toBeLessThan(40)
  expect(texts.join('').match(/from '(warmpool\/.*|.*\bsrc\/.*|.*\bdist\/.*)'/g)).toBeNull()
})

it('tells the caller nothing about a database that is away', async () => {
  vi.resetModules()
  vi.stubEnv('DATABASE_URL', 'mysql://shop:s3cret@127.0.0.1:1/away')
  const log = vi.spyOn(console, 'error').mockImplementation(() => {})
  const { handler } = await import('../handlers/get-order.ts')
  const { pool } = await import('../handlers/database.ts')
  const { status, headers, body } = await answerOf(handler, getOrderEvent(42), 1000)
  expect(status).toBeGreaterThanOrEqual(500)
  expect(JSON.stringify({ headers, body })).not.toMatch(/127\.0\.0\.1|shop|s3cret|away/)
  expect(log).toHaveBeenCalledWith(expect.objectContaining({ name: 'WarmpoolError' }))
  await pool.end()
})
