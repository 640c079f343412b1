import { takeOrders } from './orders.ts'

/** Milliseconds that an import takes where mysql2 is there already. */
await import('mysql2')
takeOrders(async (url: string) => {
  const start = performance.now()
  await import(url)
  return performance.now() - start
})
