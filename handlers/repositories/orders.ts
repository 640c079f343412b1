import { createError } from '@middy/util'
import type { ResultSetHeader, RowDataPacket } from 'mysql2'
import { type Line, type PricedLine, takeStock } from './products.ts'
import type { Queryable } from './queryable.ts'

export interface NewOrder {
  customerId: number
  lines: Line[]
  /** Placing an order under a key the customer has used before returns the order of that time. */
  idempotencyKey?: string | undefined
}

export interface Order {
  id: number
  customerId: number
  lines: PricedLine[]
  totalCents: number
}

interface OrderRow extends RowDataPacket, PricedLine {
  id: number
  customerId: number
}

const SELECT_ORDER = `
  SELECT o.id, o.customer_id AS customerId, l.product_id AS productId, l.quantity, l.unit_price_cents AS unitPriceCents
  FROM orders o JOIN order_lines l ON l.order_id = o.id`

/** The order with its lines, in one statement; `undefined` when there is none. */
export async function findOrder(db: Queryable, id: number): Promise<Order | undefined> {
  const [rows] = await db.query<OrderRow[]>(`${SELECT_ORDER} WHERE o.id = ? ORDER BY l.product_id`, [id])
  return fromRows(rows)
}

/**
 * Takes the stock and writes the order and its lines. Run it in a transaction.
 * @throws 400 for an unknown customer or product, 409 when a product is sold out.
 */
export async function placeOrder(tx: Queryable, order: NewOrder): Promise<Order> {
  const id = await insertOrder(tx, order)
  if (id === undefined) return findPlacedOrder(tx, order)

  const lines = await takeStock(tx, order.lines)
  await tx.query('INSERT INTO order_lines (order_id, product_id, quantity, unit_price_cents) VALUES ?', [
    lines.map((line) => [id, line.productId, line.quantity, line.unitPriceCents]),
  ])
  return withTotal(id, order.customerId, lines)
}

/**
 * The new order's id; `undefined` when its key is taken. The key is claimed before anything else: a replay that runs at
 * the same time waits here for our commit, instead of taking the stock a second time.
 */
async function insertOrder(
  tx: Queryable,
  { customerId, idempotencyKey }: NewOrder,
): Promise<number | undefined> {
  try {
    const [{ insertId }] = await tx.query<ResultSetHeader>(
      'INSERT INTO orders (customer_id, idempotency_key) VALUES (?, ?)',
      [customerId, idempotencyKey ?? null],
    )
    return insertId
  } catch (error) {
    const { code } = error as { code?: string }
    if (code === 'ER_DUP_ENTRY') return undefined
    if (code === 'ER_NO_REFERENCED_ROW_2') throw createError(400, `There is no customer ${customerId}.`)
    throw error
  }
}

async function findPlacedOrder(tx: Queryable, { customerId, idempotencyKey }: NewOrder): Promise<Order> {
  const [rows] = await tx.query<OrderRow[]>(
    `${SELECT_ORDER} WHERE o.customer_id = ? AND o.idempotency_key = ? ORDER BY l.product_id`,
    [customerId, idempotencyKey ?? null],
  )
  const order = fromRows(rows)
  if (!order)
    throw new Error(`The order with the key ${idempotencyKey} of customer ${customerId} has vanished.`)
  return order
}

function fromRows(rows: OrderRow[]): Order | undefined {
  const [first] = rows
  if (!first) return undefined
  const lines = rows.map(({ productId, quantity, unitPriceCents }) => ({
    productId,
    quantity,
    unitPriceCents,
  }))
  return withTotal(first.id, first.customerId, lines)
}

function withTotal(id: number, customerId: number, lines: PricedLine[]): Order {
  const totalCents = lines.reduce(
    (total, { quantity, unitPriceCents }) => total + quantity * unitPriceCents,
    0,
  )
  return { id, customerId, lines, totalCents }
}
