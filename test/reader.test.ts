import middy from '@middy/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, {
  createPool,
  type Database as InvocationDatabase,
  type Pool,
  type PoolOptions,
  type ReaderOptions,
} from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { type Database, databaseForFile } from './support/database.ts'

const [writer, reader] = [databaseForFile(), databaseForFile()]
const pools: Pool[] = []
let warnings: string[]

beforeAll(async () => {
  await reader.current.query('ALTER USER ? IDENTIFIED BY ?', [reader.current.user, writer.current.password])
})
beforeEach(() => {
  warnings = []
  vi.spyOn(console, 'warn').mockImplementation((line) => void warnings.push(line))
})
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end({ timeout: 100 })
  vi.restoreAllMocks()
})

/** The reader is another server, which only its port tells apart. */
function open(options: PoolOptions = {}, own: Omit<ReaderOptions, 'connection'> = {}): Pool {
  const connection = { port: reader.current.port }
  const pool = createPool({ connection: writer.current.url, reader: { connection, ...own }, ...options })
  pools.push(pool)
  return pool
}

interface Asked {
  query(sql: string): Promise<unknown[]>
}

/** Which of the two has answered. */
async function portOf(on: Asked): Promise<number> {
  const [rows] = await on.query('SELECT @@port AS port')
  return (rows as { port: number }[])[0]?.port as number
}

/** What the server has of this user's connections: their statements, `null` for idle ones. */
async function sessions(server: Database): Promise<(string | null)[]> {
  const rows = await server.query('SELECT info FROM information_schema.processlist WHERE user = ?', [
    server.user,
  ])
  return rows.map(({ info }) => info as string | null)
}

const ways: [string, (pool: Pool, run: (db: InvocationDatabase) => Promise<unknown>) => Promise<unknown>][] =
  [
    [
      'middy',
      (pool, run) =>
        middy()
          .use(mysqlPool({ pool }))
          .handler((_event, { db }) => run(db))({}, contextFor(1500)),
    ],
    ['wrap', (pool, run) => pool.wrap(async (_event, _context) => run(pool as never))({}, contextFor(1500))],
  ]

describe.each(ways)('in an invocation of %s', (_, invoke) => {
  test('the reader answers what it is asked, and the writer the rest', async () => {
    const pool = open()
    const ports = await invoke(pool, async (db) => [
      await portOf(db),
      await portOf(db.reader),
      await portOf(pool.reader),
      await db.transaction((tx) => portOf(tx)),
      await db.reader.withConnection((connection) => portOf(connection)),
      await db.reader.transaction((tx) => portOf(tx), { readOnly: true }),
    ])
    const [first, second] = [writer.current.port, reader.current.port]
    expect(ports).toEqual([first, second, second, first, second, second])
  })

  test('what is left on the reader ends with it', async () => {
    const pool = open()
    const kept = (await invoke(pool, (db) => db.reader.getConnection())) as Asked
    await expect(kept.query('SELECT 1')).rejects.toMatchObject({ code: 'INVOCATION_ENDED' })
    expect(warnings).toEqual([expect.stringContaining('getConnection()')])
    expect(await sessions(reader.current)).toEqual([null])
  })

  test('a statement on the reader is stopped at its deadline', async () => {
    const pool = open()
    await expect(invoke(pool, (db) => db.reader.query('SELECT SLEEP(30)'))).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    })
    await vi.waitFor(async () => expect((await sessions(reader.current)).filter(Boolean)).toEqual([]))
  })

  test('it is its own of several at once', async () => {
    const pool = open({ onLeak: 'ignore' })
    const ended = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    const longer = invoke(pool, async () => {
      await ended.promise
      return portOf(pool.reader)
    })
    await invoke(pool, async () => {
      late = ended.promise.then(() => pool.reader.query('SELECT 1')).catch(({ code }) => code)
    })
    ended.resolve()
    expect(await late).toBe('INVOCATION_ENDED')
    expect(await longer).toBe(reader.current.port)
  })

  test('a leak on the reader fails it where leaks do', async () => {
    const pool = open({ onLeak: 'throw' })
    await expect(invoke(pool, (db) => db.reader.getConnection())).rejects.toMatchObject({ code: 'LEAK' })
  })
})

test('an early answer of another middleware ends it on the reader too', async () => {
  const pool = open()
  let kept: Asked | undefined
  const handler = middy()
    .use(mysqlPool({ pool }))
    .before(async ({ context }) => {
      kept = await context.db.reader.getConnection()
      return 'early'
    })
    .handler(async () => 'late')
  expect(await handler({}, contextFor())).toBe('early')
  await expect(kept?.query('SELECT 1')).rejects.toMatchObject({ code: 'INVOCATION_ENDED' })
  expect(await portOf(pool.reader)).toBe(reader.current.port)
  expect(await sessions(reader.current)).toEqual([null]) // the same one, given back
})

test('each has a bound of its own, two for the reader', async () => {
  const pool = open({ connectionLimit: 3 })
  const slow = (on: Asked) => Array.from({ length: 6 }, () => on.query('SELECT SLEEP(0.1)'))
  const running = Promise.all([...slow(pool), ...slow(pool.reader)])
  const most = [0, 0]
  const watch = async () => {
    for (const [at, server] of [writer, reader].entries())
      most[at] = Math.max(most[at] as number, (await sessions(server.current)).length)
  }
  await Promise.race([
    running,
    (async () => {
      for (;;) await watch()
    })(),
  ])
  expect(most).toEqual([3, 2])
})

test('repositories that ask for the same share one pair', async () => {
  const [orders, products] = [open({ connectionLimit: 1 }), open({ connectionLimit: 1 })]
  for (const pool of [orders, products]) await Promise.all([portOf(pool), portOf(pool.reader)])
  expect(warnings.join()).not.toContain('two sets of limits')
  expect((await sessions(writer.current)).length).toBe(1)
  expect((await sessions(reader.current)).length).toBe(1)
})

test('a transaction of the writer does not reach there, and that is no mistake', async () => {
  const pool = open()
  await pool.transaction(async (tx) => {
    expect(await Promise.all([portOf(tx), portOf(pool.reader)])).toEqual([
      writer.current.port,
      reader.current.port,
    ])
  })
  expect(warnings).toEqual([])
})

test('work that belongs to the container does so on the reader', async () => {
  const pool = open()
  let loading: Promise<unknown> | undefined
  const handler = pool.wrap(async (_event: object, _context: object) => {
    loading ??= pool.detach(() => pool.reader.query('SELECT SLEEP(0.2)'))
  })
  await handler({}, contextFor())
  await expect(loading).resolves.toBeDefined()
})

test('one that is added in the middle of an invocation is bounded by it', async () => {
  const pool = createPool({ connection: writer.current.url })
  pools.push(pool)
  const handler = pool.wrap(async (_event: object, _context: object) => {
    await open().reader.query('SELECT SLEEP(30)')
  })
  await expect(handler({}, contextFor(1500))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
})

test('end() that is refused in a transaction of the reader ends nothing', async () => {
  const pool = open()
  const ending = pool.reader.transaction(() => pool.end())
  await expect(ending).rejects.toMatchObject({ code: 'END_IN_TRANSACTION' })
  expect(await portOf(pool)).toBe(writer.current.port)
  expect(await portOf(pool.reader)).toBe(reader.current.port)
  await pool.end()
  await vi.waitFor(async () => expect(await sessions(reader.current)).toEqual([]))
})

test('what its options are refused with says whose they are', () => {
  const reader = { connection: { host: '127.0.0.1', port: 1 }, tls: {} }
  expect(() => createPool({ connection: writer.current.url, reader })).toThrow(
    /^reader\.tls: received a connection to the address 127\.0\.0\.1; /,
  )
})

test('end() ends both', async () => {
  const pool = open()
  await Promise.all([portOf(pool), portOf(pool.reader)])
  await pool.end()
  await expect(pool.reader.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await vi.waitFor(async () => {
    expect(await sessions(writer.current)).toEqual([])
    expect(await sessions(reader.current)).toEqual([])
  })
})

test.each<[string, PoolOptions]>([
  ['none', {}],
  ['one where the pool is itself', { reader: { connection: { host: undefined } as object } }],
])('with a reader that is %s, the pool is its own', async (_, options) => {
  const pool = createPool({ connection: writer.current.url, ...options })
  pools.push(pool)
  expect(pool.reader).toBe(pool)
  const handler = middy()
    .use(mysqlPool({ pool }))
    .handler(async (_event, { db }) => [db.reader === db, await portOf(db.reader)])
  expect(await handler({}, contextFor())).toEqual([true, writer.current.port])
})

test('a pool whose place is known later has a reader that is', async () => {
  const connection = async () => writer.current.url
  const pool = open({ connection, name: 'later' })
  expect([await portOf(pool), await portOf(pool.reader)]).toEqual([writer.current.port, reader.current.port])
})
