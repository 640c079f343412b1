import { createPool } from 'warmpool'
import type { Queryable } from '../handlers/repositories/queryable.ts'
import { createSchema } from '../handlers/schema.ts'

export const SEEDED = { products: 500, customers: 1000, orders: 3000 }

const KINDS = ['Kettle', 'Lamp', 'Notebook', 'Mug', 'Blanket', 'Radio', 'Stool', 'Vase']
const COLOURS = ['amber', 'black', 'coral', 'forest', 'ivory', 'navy', 'plum', 'slate']

/** Every fiftieth product is sold out; the others have at least a hundred left. */
export const isSoldOut = (productId: number) => productId % 50 === 0

/**
 * Creates the shop's schema and fills it, the same every time: products, customers and orders with lines.
 * @throws when there are products already, so that it cannot touch a shop in use.
 */
export async function seed(db: Queryable): Promise<typeof SEEDED> {
  await createSchema(db)
  const [[counted]] = await db.query('SELECT COUNT(*) AS products FROM products')
  if (counted?.products)
    throw new Error(`The shop has ${counted.products} products already; seed an empty database.`)

  const random = seededRandom(42)
  const below = (bound: number) => Math.floor(random() * bound)
  const products = numbered(SEEDED.products, (id) => {
    const name = `${COLOURS[below(8)]} ${KINDS[below(8)]}`
    return [
      id,
      `SKU-${String(id).padStart(5, '0')}`,
      name,
      100 + below(20_000),
      isSoldOut(id) ? 0 : 100 + below(900),
    ]
  })
  const customers = numbered(SEEDED.customers, (id) => [id, `customer-${id}@example.com`, `Customer ${id}`])
  const orders = numbered(SEEDED.orders, (id) => [id, 1 + below(SEEDED.customers)])
  const lines = orders.flatMap(([orderId]) => {
    const chosen = new Set(numbered(1 + below(4), () => 1 + below(SEEDED.products)))
    return [...chosen].map((productId) => [orderId, productId, 1 + below(3), products[productId - 1]?.[3]])
  })

  await db.query('INSERT INTO products (id, sku, name, price_cents, stock) VALUES ?', [products])
  await db.query('INSERT INTO customers (id, email, name) VALUES ?', [customers])
  await db.query('INSERT INTO orders (id, customer_id) VALUES ?', [orders])
  await db.query('INSERT INTO order_lines (order_id, product_id, quantity, unit_price_cents) VALUES ?', [
    lines,
  ])
  return SEEDED
}

const numbered = <T>(count: number, make: (number: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => make(index + 1))

/** mulberry32: small, and the same on every machine. */
function seededRandom(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

if (import.meta.main) {
  await using pool = createPool()
  console.log('Seeded:', await seed(pool))
}
