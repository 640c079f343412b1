import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile({ tls: false })
let proxy: TcpProxy
let pool: Pool

beforeEach(async () => {
  proxy = await TcpProxy.to(server.current)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await pool.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

/** In the INIT of a container that Lambda starts so. */
function created(initializationType: string | undefined, options: PoolOptions = {}): void {
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', initializationType)
  pool = createPool({ connection: proxy.url(server.current.url), ...options })
}

const opened = () => expect.poll(() => pool.stats().idle, { interval: 5 }).toBe(1)
const invoke = <T>(work: () => Promise<T>, time = 3000) =>
  pool.wrap(async (_event: unknown, _context: unknown) => work())({}, contextFor(time))

test('in the INIT of an on-demand container one connection opens, and the first query sends nothing but itself', async () => {
  created('on-demand')
  await opened()
  const before = { ...proxy.packets }
  const commands = proxy.commands.length
  await invoke(() => pool.query('SELECT 1'))
  expect(proxy.commands.slice(commands).map(({ text }) => text)).toEqual(['SELECT 1'])
  expect(proxy.packets.toServer - before.toServer).toBe(1)
  expect(proxy.opened).toBe(1)
  expect(await server.current.connections()).toHaveLength(1)
})

test('who asks while it opens shares it', async () => {
  created('on-demand')
  await invoke(() => pool.query('SELECT 1'))
  expect(proxy.opened).toBe(1)
})

describe.each([
  ['a provisioned container, which may be frozen for hours first', 'provisioned-concurrency', 'auto'],
  ['a snapshot, from which many containers start', 'snap-start', 'auto'],
  ['Managed Instances', 'lambda-managed-instances', 'auto'],
  ['a test or a script', undefined, 'auto'],
  ['an on-demand container that is told not to', 'on-demand', false],
] as const)('in %s', (_, type, prewarm) => {
  test('nothing is dialled before it is asked for', async () => {
    created(type, { prewarm })
    await sleep(50)
    expect(proxy.opened).toBe(0)
    await invoke(() => pool.query('SELECT 1'))
    expect(proxy.opened).toBe(1)
  })
})

test('it can be asked for anywhere', async () => {
  created(undefined, { prewarm: true })
  await opened()
  expect(proxy.opened).toBe(1)
})

describe('its failure', () => {
  test('fails nothing, and is forgotten when the server is there at the first query', async () => {
    await proxy.refuse()
    created('on-demand', { connectTimeout: 100 })
    await expect.poll(() => pool.stats().connecting).toBe(1)
    await expect.poll(() => pool.stats().total).toBe(0)
    await proxy.accept()
    expect((await invoke(() => pool.query('SELECT 1 AS one')))[0]).toEqual([{ one: 1 }])
  })

  test('is told to the first query when it still matters', async () => {
    const url = new URL(proxy.url(server.current.url))
    url.username = 'nobody'
    vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand')
    pool = createPool({ connection: url.href })
    await expect.poll(() => proxy.opened).toBe(1)
    await expect.poll(() => pool.stats().total).toBe(0)
    await expect(invoke(() => pool.query('SELECT 1'))).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { errno: 1045 },
    })
  })

  test('is told at once to whoever waits for it, and costs one attempt', async () => {
    const url = new URL(proxy.url(server.current.url))
    url.username = 'nobody'
    vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand')
    pool = createPool({ connection: url.href })
    await expect(invoke(() => pool.query('SELECT 1'))).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    expect(proxy.opened).toBe(1)
  })
})

test('end() in the middle of it leaves nothing behind', async () => {
  created('on-demand')
  await pool.end()
  await expect.poll(() => proxy.connections).toHaveLength(0)
  expect(pool.stats().total).toBe(0)
})
