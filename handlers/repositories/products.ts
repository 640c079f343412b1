import { createError } from '@middy/util'
import type { RowDataPacket } from 'mysql2'
import type { Queryable } from './queryable.ts'

export interface Line {
  productId: number
  quantity: number
}

export interface PricedLine extends Line {
  unitPriceCents: number
}

interface ProductRow extends RowDataPacket {
  id: number
  priceCents: number
  stock: number
}

/**
 * Takes the lines out of stock, at today's prices, and returns them in the order of their products. Run it in a
 * transaction: on an error the caller rolls back.
 * @throws 400 for a product that does not exist, 409 for one that is sold out.
 */
export async function takeStock(tx: Queryable, lines: Line[]): Promise<PricedLine[]> {
  // Locked in the order of their ids, so that two orders for the same products cannot deadlock.
  const [products] = await tx.query<ProductRow[]>(
    'SELECT id, price_cents AS priceCents, stock FROM products WHERE id IN (?) ORDER BY id FOR UPDATE',
    [lines.map((line) => line.productId)],
  )
  const byId = new Map(products.map((product) => [product.id, product]))
  const sorted = lines.toSorted((a, b) => a.productId - b.productId)
  const priced = sorted.map(({ productId, quantity }) => {
    const product = byId.get(productId)
    if (!product) throw createError(400, `There is no product ${productId}.`)
    if (product.stock < quantity) {
      throw createError(409, `Product ${productId} is sold out: ${product.stock} left, ${quantity} wanted.`)
    }
    return { productId, quantity, unitPriceCents: product.priceCents }
  })
  for (const { productId, quantity } of priced) {
    await tx.query('UPDATE products SET stock = stock - ? WHERE id = ?', [quantity, productId])
  }
  return priced
}
