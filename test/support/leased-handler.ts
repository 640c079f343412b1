import { createPool } from '../../src/index.ts'

/** The server keeps a session of its for two seconds, which a test can wait for. */
const pool = createPool({ session: { wait_timeout: 2 } })

const work = {
  async asks() {
    const [rows] = await pool.query('SELECT 1 AS one')
    return rows[0]
  },

  /** It is the container's, so that no invocation's end takes it back. */
  async 'leaves a transaction open'(id: number) {
    await pool.detach(async () => {
      const connection = await pool.getConnection()
      await connection.query('START TRANSACTION')
      await connection.query('UPDATE stock SET amount = 99 WHERE id = ?', [id])
    })
    return this.asks()
  },
}

interface Event {
  readonly does: keyof typeof work
  /** Of a row. */
  readonly id: number
}

export const handler = pool.wrap(async ({ does, id }: Event, _context: unknown) => work[does](id))
