import { pool } from '../../../scripts/demo/handlers/mysql2-pool.ts'
import { type Asked, read, write } from './notes.ts'

export const handler = async ({ note }: Asked): Promise<void> => {
  if (note === undefined) return read(pool)
  const connection = await pool.getConnection()
  try {
    await connection.beginTransaction()
    await write(connection, note)
    await connection.commit()
  } catch (error) {
    await connection.rollback().catch(() => {})
    throw error
  } finally {
    connection.release()
  }
}
