import type { Database } from 'warmpool'

export async function slow(db: Database, url: string, request: AbortSignal) {
// #region
const [rows] = await db.query({ sql: 'CALL report()', timeout: 500 }) // DEADLINE_EXCEEDED after 500 ms
await db.query({ sql: 'CALL cleanup()', signal: request }) // ABORTED when the signal aborts
const rates = await fetch(url, { signal: db.signal }) // db.signal aborts at the invocation's deadline
// #endregion
  return [rows, rates]
}
