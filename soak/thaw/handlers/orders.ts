import { findOrder } from '../../../handlers/repositories/orders.ts'
import type { Queryable } from '../../../handlers/repositories/queryable.ts'

/** The event: as many orders as connections are to be used, one beside the other. */
export interface Wanted {
  readonly ids: readonly number[]
}

export interface Found {
  readonly ids: readonly (number | undefined)[]
  /** Milliseconds until all were found. */
  readonly took: number
}

/** The same work over both pools. */
export async function find(db: Queryable, { ids }: Wanted): Promise<Found> {
  const start = performance.now()
  const orders = await Promise.all(ids.map((id) => findOrder(db, id)))
  return { ids: orders.map((order) => order?.id), took: performance.now() - start }
}
