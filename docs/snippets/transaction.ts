import type { ResultSetHeader } from 'mysql2'
import type { Database } from 'warmpool'

export async function order(db: Database, sku: string): Promise<number> {
// #region
const id = await db.transaction(async (tx) => {
  await tx.query('UPDATE products SET stock = stock - 1 WHERE sku = ?', [sku])
  const [order] = await tx.query<ResultSetHeader>('INSERT INTO orders (sku) VALUES (?)', [sku])
  return order.insertId
}) // committed; rolled back when anything throws
// #endregion
  return id
}
