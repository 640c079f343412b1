import 'warmpool/shutdown'
import { createPool } from 'warmpool'

const pool = createPool()

export const handler = pool.wrap(async () => {
  const [[row]] = await pool.query('SELECT CONNECTION_ID() AS connection')
  return row
})

// For the log of this try only: the connections are closed without it.
process.on('SIGTERM', async () => {
  await pool.end()
  console.log('SIGTERM, connections left:', pool.stats().total)
})
