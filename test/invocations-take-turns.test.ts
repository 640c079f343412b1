import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { clock } from '../src/clock.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeEach(async () => {
  proxy = await TcpProxy.to(server.current)
})
function openPool(options: PoolOptions = {}): void {
  const connection = proxy.url(server.current.url)
  pool = createPool({ connection, connectionLimit: 1, onLeak: 'ignore', ...options })
}
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

/** An invocation of its own. */
function invoke<T>(work: () => Promise<T>): Promise<T> {
  return pool.wrap((_event: unknown, _context: unknown) => work())({}, contextFor(20_000))
}

/** Asks for so many statements at once, each with a name of its own. */
function ask(name: string, many: number) {
  return Promise.all(Array.from({ length: many }, (_, i) => pool.query(`SELECT '${name}${i}'`)))
}

/** The names in the order in which the server was sent them. */
function sent(): string[] {
  return proxy.commands.flatMap(({ text }) => /^SELECT '(.*)'$/.exec(text)?.[1] ?? [])
}

test('as long as more than one wait', async () => {
  openPool()
  await Promise.all([invoke(() => ask('a', 5)), invoke(() => ask('b', 2)), invoke(() => ask('c', 3))])
  expect(sent()).toEqual(['a0', 'b0', 'c0', 'a1', 'b1', 'c1', 'a2', 'c2', 'a3', 'a4'])
})

test('one that asks a thousand times at once does not keep another waiting', async () => {
  openPool()
  const greedy = invoke(() => ask('greedy', 1000))
  const modest = invoke(async () => {
    for (const name of ['one', 'two', 'three']) await ask(name, 1)
  })
  await Promise.all([greedy, modest])
  // Each time it joins, it waits for the one that is under way and for one turn of the other.
  expect(sent().slice(0, 8)).toEqual(expect.arrayContaining(['one0', 'two0', 'three0']))
})

test('one that comes later has a turn when those who wait have had theirs', async () => {
  openPool()
  const [a, b] = [invoke(() => ask('a', 100)), invoke(() => ask('b', 100))]
  await expect.poll(() => sent().length, { interval: 1 }).toBeGreaterThan(0)
  const before = sent().length
  const late = invoke(() => ask('late', 1))
  await Promise.all([a, b, late])
  expect(sent().indexOf('late0') - before).toBeLessThan(20) // of two hundred; what is on its way is not counted
})

test('also where the connection is validated first', async () => {
  openPool()
  await ask('warm', 1)
  const later = clock.now() + 20_000
  vi.spyOn(clock, 'now').mockImplementation(() => later)
  await Promise.all([invoke(() => ask('a', 3)), invoke(() => ask('b', 2))])
  expect(sent()).toEqual(['warm0', 'a0', 'b0', 'a1', 'b1', 'a2'])
  expect(pool.stats().opened).toBe(1)
})

test('what gives up leaves its turn to the others of its invocation', async () => {
  openPool({ acquireTimeout: 2000 })
  const held = await pool.getConnection()
  const first = invoke(async () => {
    const impatient = ask('impatient', 1).catch(() => held.release())
    await sleep(1000)
    await Promise.all([impatient, ask('a', 1)])
  })
  await sleep(500)
  await Promise.all([first, invoke(() => ask('b', 2))])
  expect(sent()).toEqual(['a0', 'b0', 'b1'])
})
