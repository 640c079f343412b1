import type { Database } from 'warmpool'

export async function transfer(db: Database, from: number, to: number, cents: number) {
// #region
await db.transaction(
  async (tx) => {
    await tx.query('UPDATE accounts SET cents = cents - ? WHERE id = ?', [cents, from])
    await tx.query('UPDATE accounts SET cents = cents + ? WHERE id = ?', [cents, to])
    await tx
      .transaction((part) => part.query('INSERT INTO audit (account_id) VALUES (?)', [from]))
      .catch(() => {}) // a savepoint: undone by itself, the rest goes on
  },
  { isolation: 'serializable', retries: 3, timeout: 2000 },
)
// #endregion
}
