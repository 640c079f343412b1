import { createPool, iam, secret } from '../../src/index.ts'

/*
 * A function that does not know where it runs: the environment says where its database is, and as whom it goes there.
 */
const ways = { iam: () => iam(), secret: () => secret({ secretId: 'shop/database' }) }
const way = ways[process.env.DB_AUTH as keyof typeof ways]

export const pool = createPool(way && { credentials: way() })

/** Writes a note, in a transaction, and reads it back. */
export const handler = pool.wrap(async (id: number, _context: object) => {
  await pool.transaction(async (tx) => {
    await tx.execute('INSERT INTO notes (id, text) VALUES (?, ?)', [id, `note ${id}`])
  })
  const [[note]] = await pool.execute('SELECT id, text FROM notes WHERE id = ?', [id])
  return note
})
