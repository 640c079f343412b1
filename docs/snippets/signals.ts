import { createServer } from 'node:http'
import { createPool } from 'warmpool'

const pool = createPool() // not 'signals': a request may have more than one query
const server = createServer(async (_request, response) => {
  const [[first]] = await pool.query('SELECT 1 AS one')
  const [[second]] = await pool.query('SELECT 2 AS two')
  response.end(JSON.stringify([first, second]))
})

server.listen(8080)
process.once('SIGTERM', () => server.close(() => pool.end())) // no new requests; then, when the last is answered, no pool
