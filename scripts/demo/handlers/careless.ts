import type { ResultSetHeader, RowDataPacket } from 'mysql2'
import type { Pool } from 'mysql2/promise'

/** The event: which mistake to make. */
export interface Mistake {
  does: keyof typeof mistakes
  customerId?: number
}

/** What goes wrong in handlers. The same code runs on mysql2's pool and on warmpool's, which is one to TypeScript. */
export const careless =
  (pool: Pool) =>
  async ({ does, customerId = 1 }: Mistake): Promise<unknown> =>
    mistakes[does](pool, customerId)

const INSERT_ORDER = 'INSERT INTO orders (customer_id) VALUES (?)'
const INSERT_LINE =
  'INSERT INTO order_lines (order_id, product_id, quantity, unit_price_cents) VALUES (?, 1, 1, 100)'

const mistakes = {
  /** Throws between an order and its line, gives the connection back, but does not roll back. */
  throwInTransaction: async (pool, customerId) => {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      await connection.query(INSERT_ORDER, [customerId])
      throw new Error('The card was declined.')
    } finally {
      connection.release()
    }
  },

  /** Does everything right, and so commits what the invocation before left open on its connection. */
  placeOrder: async (pool, customerId) => {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      const [{ insertId }] = await connection.query<ResultSetHeader>(INSERT_ORDER, [customerId])
      await connection.query(INSERT_LINE, [insertId])
      await connection.commit()
      return insertId
    } finally {
      connection.release()
    }
  },

  forgetRelease: async (pool) => {
    const connection = await pool.getConnection()
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS products FROM products')
    return row?.products
  },

  signIn: async (pool, customerId) => {
    await pool.query('SET @customer = ?', [customerId])
  },

  /** Has nobody signed in, in this invocation. */
  ordersOfGuest: async (pool) => {
    const [[row]] = await pool.query<RowDataPacket[]>(
      'SELECT COUNT(*) AS orders FROM orders WHERE customer_id = @customer',
    )
    return row?.orders
  },

  /** Answers while a second statement has yet to be sent. */
  forgetAwait: async (pool, customerId) => {
    const later = async () => {
      await pool.query('SELECT 1')
      await pool.query(INSERT_ORDER, [customerId])
    }
    later().catch((error) => console.error(error))
  },

  /** Ends the pool with five queries on the way, two of them on a connection. Returns how many were answered. */
  endTooSoon: async (pool) => {
    await Promise.all([1, 2].map(() => pool.query('SELECT SLEEP(0.02)'))) // opens both connections
    const queries = [1, 2, 3, 4, 5].map(() => pool.query('SELECT SLEEP(0.02)'))
    await pool.end()
    const settled = await Promise.allSettled(queries)
    return settled.filter(({ status }) => status === 'fulfilled').length
  },
} satisfies Record<string, (pool: Pool, customerId: number) => Promise<unknown>>
