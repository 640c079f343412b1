import { ROWS } from '../contestants/contestant.ts'
import type { Query, Queued } from '../contestants/queued.ts'
import { takeOrders } from './orders.ts'

/** Keeps a number of callers at it: each that has been served queues again, so the line is as long all the time. */

export interface Crowd {
  readonly callers: number
  /** Measured, after each caller has been served once. */
  readonly queries: number
}

const { invoke, close }: Queued = await import(`../contestants/queued-${process.argv[2]}.ts`)
takeOrders(measure, close)

/** Microseconds for each query. */
async function measure(crowd: Crowd): Promise<number> {
  let wall = 0
  const context = { getRemainingTimeInMillis: () => 900_000 }
  await invoke(async (query) => {
    wall = await serve(crowd, query)
  }, context)
  return (wall * 1000) / crowd.queries
}

async function serve({ callers, queries }: Crowd, query: Query): Promise<number> {
  let [served, start, wall] = [0, 0, 0]
  const caller = async () => {
    while (served < callers + queries) {
      await query(1 + (served % ROWS))
      served++
      if (served === callers) start = performance.now()
      if (served === callers + queries) wall = performance.now() - start
    }
  }
  await Promise.all(Array.from({ length: callers }, caller))
  return wall
}
