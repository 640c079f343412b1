import { afterEach, expect, test, vi } from 'vitest'
import { FallingSilent } from '../bench/measure/falling-silent.ts'
import { clock } from '../src/clock.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

// After a sleep every idle connection is judged, not only the one that is taken.

const server = databaseForFile({ tls: false })
let pool: Pool
afterEach(async () => {
  ahead = 0
  vi.restoreAllMocks()
  await pool.end({ timeout: 100 })
})

/** Connections that have been idle for so many milliseconds, as far as the clock tells. */
async function idleFor(milliseconds: number, url: string, options: PoolOptions = {}): Promise<void> {
  pool = createPool({ connection: url, connectionLimit: 3, ...options })
  const held = await Promise.all([1, 2, 3].map(() => pool.getConnection()))
  for (const connection of held) connection.release()
  advance(milliseconds)
}

const { now } = clock
let ahead = 0

function advance(milliseconds: number): void {
  ahead += milliseconds
  vi.spyOn(clock, 'now').mockImplementation(() => now() + ahead)
}

const pings = (proxy: TcpProxy) => proxy.commands.filter(({ name }) => name === 'PING').length

test('those that died without a sound are all found by the first query, and it alone waits', async () => {
  await using way = await FallingSilent.to(server.current)
  await idleFor(20_000, way.url, { validateTimeout: 300 })
  way.silence()
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  expect(pool.stats()).toMatchObject({ total: 1, idle: 1, opened: 4 })
})

test('those that live are asked once, at the same time, and stay', async () => {
  await using proxy = await TcpProxy.to(server.current)
  await idleFor(20_000, proxy.url(server.current.url))
  await pool.query('SELECT 1')
  await expect.poll(() => pool.stats().idle).toBe(3)
  await Promise.all([1, 2, 3].map(() => pool.query('SELECT 1')))
  expect(pings(proxy)).toBe(3)
  expect(proxy.opened).toBe(3)
  expect(await server.current.connections()).toHaveLength(3)
})

test('those that are being asked are places for those who come: nobody is refused', async () => {
  await idleFor(20_000, server.current.url, { queueLimit: 1 })
  const answers = await Promise.all([1, 2, 3].map((one) => pool.query('SELECT ? AS one', [one])))
  expect(answers.map(([[row]]) => row?.one)).toEqual([1, 2, 3])
})

test('to be asked is not to be used: the surplus is closed at the invocation’s end', async () => {
  await idleFor(20_000, server.current.url)
  await pool.wrap(async (_event: unknown, _context: unknown) => {
    await pool.query('SELECT 1')
    await expect.poll(() => pool.stats().idle).toBe(3)
  })({}, contextFor())
  await expect.poll(() => server.current.connections()).toHaveLength(1)
})

test('those that are too old go with the first', async () => {
  await idleFor(400_000, server.current.url)
  await pool.query('SELECT 1')
  await expect.poll(() => server.current.connections()).toHaveLength(1)
  expect(pool.stats().opened).toBe(4)
})

test('an answer from before a freeze proves nothing after it', async () => {
  await using proxy = await TcpProxy.to(server.current)
  await idleFor(20_000, proxy.url(server.current.url), { connectionLimit: 3, validateTimeout: 5000 })
  proxy.toClient.hold()
  const asked = pool.query('SELECT 1')
  await expect.poll(() => pings(proxy)).toBe(3)
  advance(20_000)
  proxy.toClient.letGo()
  await asked
  expect(pings(proxy)).toBeGreaterThan(3)
})

/** Opening a connection, whose last answer is held up. */
async function halfOpened(proxy: TcpProxy, options?: PoolOptions): Promise<void> {
  let held = false
  proxy.watch(() => ({
    toServer: (chunk) => {
      if (held || !chunk.includes('wait_timeout')) return
      held = true
      proxy.toClient.hold()
    },
    toClient: () => {},
  }))
  pool = createPool({ connection: proxy.url(server.current.url), ...options })
}

test('nor does the answer that opened a connection, if it came before a freeze', async () => {
  await using proxy = await TcpProxy.to(server.current)
  await halfOpened(proxy, { prewarm: true })
  await expect.poll(() => proxy.commands.length).toBe(1)
  advance(20_000)
  proxy.toClient.letGo()
  await pool.query('SELECT 1')
  expect(pings(proxy)).toBe(1)
  expect(proxy.opened).toBe(1)
})

test('a connection that was closed while it opened is not lent', async () => {
  await using proxy = await TcpProxy.to(server.current)
  await halfOpened(proxy)
  const asked = pool.query('SELECT 1 AS one')
  await expect.poll(() => proxy.commands.length).toBe(1)
  const before = proxy.toClient.bytes
  expect(await server.current.killConnections()).toBe(1)
  await expect.poll(() => server.current.connections()).toEqual([])
  expect(proxy.toClient.bytes).toBe(before)
  proxy.toClient.letGo()
  expect((await asked)[0]).toEqual([{ one: 1 }])
  expect(proxy.opened).toBe(2)
})
