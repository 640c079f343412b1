// The pool where a mysql2 pool is asked for.
import type { Pool as CallbackPool, PoolConnection as CallbackPoolConnection } from 'mysql2'
import type { Connection, Pool, PoolConnection, RowDataPacket } from 'mysql2/promise'
import { createPool, type Pool as WarmPool } from '../../src/index.ts'

const pool = createPool()

async function countOrders(pool: Pool): Promise<number> {
  const connection = await pool.getConnection()
  try {
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT COUNT(*) AS count FROM orders')
    return row?.count
  } finally {
    connection.release()
  }
}
await countOrders(pool)

const anyConnection: Connection = pool // mysql2's Pool extends its Connection
const poolConnection: PoolConnection = await pool.getConnection()
const connection: Connection = await pool.getConnection()
pool.releaseConnection(poolConnection)
await using scoped = await pool.getConnection()

const callbackPool: CallbackPool = pool.pool
callbackPool.query('SELECT ? AS one', [1], (error, rows: RowDataPacket[], fields) => {
  if (!error) console.log(rows, fields)
})
callbackPool.getConnection((_error, connection: CallbackPoolConnection) => connection.release())
const backAgain: Pool = pool.pool.promise()

class OrderRepository {
  readonly #pool: Pick<Pool, 'query' | 'execute'>

  constructor(pool: Pick<Pool, 'query' | 'execute'>) {
    this.#pool = pool
  }

  async first(): Promise<RowDataPacket | undefined> {
    const [[row]] = await this.#pool.execute<RowDataPacket[]>({ sql: 'SELECT ?', values: [1] }, [1])
    return row
  }
}
new OrderRepository(pool)
new OrderRepository(await pool.getConnection())

// Not the other way round: mysql2's has no transaction(fn).
declare const mysql2Pool: Pool
// @ts-expect-error
const warmPool: WarmPool = mysql2Pool

// Events tell a connection by its thread id, so that nobody uses one that is not his.
pool.on('connection', ({ threadId }) => threadId.toFixed())
// @ts-expect-error
pool.on('connection', (connection) => connection.query('SET time_zone = "+00:00"'))
// @ts-expect-error
pool.on('conection', () => {})

export { anyConnection, backAgain, connection, scoped, warmPool }
