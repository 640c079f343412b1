import { expect, test } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

test('a connect that a loop that stood still has held up is not begun again as long as the server answers', async () => {
  await using proxy = await TcpProxy.to(server.current)
  proxy.toServer.delay = 100
  proxy.toClient.delay = 100 // greeting, answer, SET: 600 ms and more
  await using pool = createPool({ connection: proxy.url(server.current.url), validateTimeout: 350 })
  const asked = pool.query('SELECT 1 AS one')
  await expect.poll(() => proxy.opened).toBe(1)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
  expect((await asked)[0]).toEqual([{ one: 1 }])
  expect(proxy.opened).toBe(1)
})
