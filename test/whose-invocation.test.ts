import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import { afterEach, beforeEach, expect, test } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

/** vitest.config.ts exposes it. */
const gc = (globalThis as unknown as { gc: () => void }).gc
const server = databaseForFile()
let pool: Pool
beforeEach(() => {
  pool = createPool({ connection: server.current.url, connectionLimit: 4, onLeak: 'ignore' })
})
afterEach(() => pool.end())

/** Tells which of its statements were refused, by their names. */
function handlerThatOutlivesItself(naps: number) {
  const refused: string[] = []
  const handler = middy<{ name: string }>()
    .use(mysqlPool({ pool }))
    .handler(async ({ name }) => {
      await pool.query('SELECT 1')
      void (async () => {
        await sleep(naps)
        await pool.query('SELECT 2').catch(() => refused.push(name))
      })()
      return name
    })
  return { handler, refused }
}

test('whoever called the handler is outside again when it has ended', async () => {
  const { handler } = handlerThatOutlivesItself(1)
  expect(await handler({ name: 'a' }, contextFor())).toBe('a')
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
})

test('what the handler left running stays refused, also while the caller uses the pool', async () => {
  const { handler, refused } = handlerThatOutlivesItself(20)
  await handler({ name: 'a' }, contextFor())
  await pool.query('SELECT SLEEP(0.05)')
  expect(refused).toEqual(['a'])
})

test('handlers called side by side have an invocation each', async () => {
  const short = handlerThatOutlivesItself(5)
  const long = middy()
    .use(mysqlPool({ pool }))
    .handler(async () => {
      await pool.query('SELECT SLEEP(0.1)')
      return (await pool.query('SELECT 1 AS one'))[0]
    })
  const running = long({}, contextFor())
  const [, rows] = await Promise.all([short.handler({ name: 'a' }, contextFor()), running])
  await sleep(20)
  expect(rows).toEqual([{ one: 1 }])
  expect(short.refused).toEqual(['a'])
})

test('a handler called later in the same function has its own too', async () => {
  const ended = handlerThatOutlivesItself(30)
  const first = ended.handler({ name: 'a' }, contextFor())
  await sleep(1)
  const second = ended.handler({ name: 'b' }, contextFor())
  await Promise.all([first, second])
  await sleep(60)
  expect(ended.refused.sort()).toEqual(['a', 'b'])
})

test('a handler inside a handler joins: the outer one goes on', async () => {
  const inner = middy()
    .use(mysqlPool({ pool }))
    .handler(async () => (await pool.query('SELECT 1 AS one'))[0])
  const outer = middy()
    .use(mysqlPool({ pool }))
    .handler(async () => {
      const first = await inner({}, contextFor())
      const [second] = await pool.query('SELECT 2 AS two')
      return [first, second]
    })
  expect(await outer({}, contextFor())).toEqual([[{ one: 1 }], [{ two: 2 }]])
})

test('detached work belongs to the container and outlives the invocation', async () => {
  let load: Promise<unknown> | undefined
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    load = pool.detach(async () => {
      await sleep(30)
      return (await pool.query('SELECT 1 AS one'))[0]
    })
  })
  await handler({}, contextFor())
  expect(await load).toEqual([{ one: 1 }])
})

test("no caller's context is kept alive by the connection that was opened in it", async () => {
  const storage = new AsyncLocalStorage<object>()
  const kept: WeakRef<object>[] = []
  await (async () => {
    const store = { big: new Array(1000) }
    kept.push(new WeakRef(store))
    await storage.run(store, () => pool.query('SELECT 1'))
  })()
  for (let i = 0; i < 5; i++) {
    await sleep(5)
    gc()
  }
  expect(pool.stats().idle).toBe(1)
  expect(kept[0]?.deref() === undefined).toBe(true)
})

test('wrap keeps the length and the symbols of the handler', () => {
  const streaming = Symbol.for('aws.lambda.runtime.handler.streaming')
  const handler = Object.assign(async (_event: unknown, _stream: unknown, _context: unknown) => {}, {
    [streaming]: 'response',
  })
  const wrapped = pool.wrap(handler)
  expect(wrapped.length).toBe(3)
  expect(Object.getOwnPropertyDescriptor(wrapped, streaming)?.value).toBe('response')
})

test('the plugin ends the invocation where an early answer skips after', async () => {
  let late: Promise<unknown> | undefined
  const handler = middy(async () => 'handler', pool.plugin)
    .use(mysqlPool({ pool }))
    .before(async () => {
      late = sleep(20).then(() => pool.query('SELECT 1'))
      late.catch(() => {})
      return 'early'
    })
  expect(await handler({}, contextFor())).toBe('early')
  expect(pool.stats()).toMatchObject({ inUse: 0 })
  // The invocation is over: the pool can be ended without waiting for it.
  await pool.end()
})
