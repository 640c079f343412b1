import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'

let pool: Pool
afterEach(() => pool.end())

test('the failures of a name with several addresses are all told', async () => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ]
  const stream = () =>
    connect({ host: 'db.example', port: 1, lookup: (_host, _options, found) => found(null, addresses) })
  pool = createPool({
    connection: { host: 'db.example', port: 1, user: 'shop', stream },
    connectTimeout: 500, // tried again for so long; a busy machine needs a while for one try
  })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    message: expect.stringMatching(
      /^cannot connect to db\.example:1 as shop: connect ECONNREFUSED 127\.0\.0\.1:1, connect ECONNREFUSED 127\.0\.0\.2:1 \(/,
    ),
    retryable: true,
  })
})
