import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPool, type ErrorCode, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { printed } from './support/printed.ts'
import { keepSecret, secretsIn } from './support/secrets.ts'

const SECRET = 'correct/horse+battery=staple'
keepSecret(SECRET)
const server = databaseForFile()
beforeAll(async () => {
  await server.current.query("CREATE USER shop@'%' IDENTIFIED BY ?", [SECRET])
  await server.current.query("GRANT ALL ON *.* TO shop@'%'")
  await server.current.query('CREATE TABLE t (id INT PRIMARY KEY)')
})

const pools: Pool[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const pool of pools.splice(0)) await pool.end({ timeout: 50 })
})

function open(connection: object = {}, options: PoolOptions = {}): Pool {
  const { host, port, database } = server.current
  const place = { host, port, database, user: 'shop' }
  const password = options.credentials ? {} : { password: SECRET }
  const pool = createPool({ connection: { ...place, ...password, ...connection }, ...options })
  pools.push(pool)
  return pool
}

const invoke = (pool: Pool, work: () => Promise<unknown>, timeout?: number) =>
  pool.wrap((_event: unknown, _context: unknown) => work())({}, contextFor(timeout))

/** A way to each error of ours. A new code is a row here. */
const codes: Record<ErrorCode, () => unknown> = {
  INVALID_OPTION: () => open({ hots: 1 }),
  ACQUIRE_TIMEOUT: async () => {
    const pool = open({}, { connectionLimit: 1, acquireTimeout: 20 })
    await using _held = await pool.getConnection()
    await pool.query('SELECT 1')
  },
  POOL_QUEUE_FULL: async () => {
    const pool = open({}, { connectionLimit: 1, queueLimit: 1 })
    await using _held = await pool.getConnection()
    pool.query('SELECT 1').catch(() => {})
    await pool.query('SELECT 1')
  },
  POOL_ENDED: async () => {
    const pool = open()
    await pool.end()
    await pool.query('SELECT 1')
  },
  END_IN_TRANSACTION: () => {
    const pool = open()
    return pool.transaction(() => pool.end())
  },
  CONNECT_FAILED: () => open({ port: 1 }, { connectTimeout: 20 }).query('SELECT 1'),
  DEADLINE_EXCEEDED: () => {
    const pool = open()
    return invoke(pool, () => pool.query('SELECT SLEEP(20)'), 300)
  },
  ABORTED: () => open().query({ sql: 'SELECT SLEEP(20)', signal: AbortSignal.timeout(50) }),
  INVOCATION_ENDED: async () => {
    const pool = open()
    const connection = await invoke(pool, async () => {
      const held = await pool.getConnection()
      held.release()
      return pool.getConnection()
    })
    await (connection as Awaited<ReturnType<Pool['getConnection']>>).query('SELECT 1')
  },
  CONNECTION_RELEASED: async () => {
    const connection = await open().getConnection()
    connection.release()
    await connection.query('SELECT 1')
  },
  CREDENTIALS_FAILED: () =>
    open({}, { credentials: async () => ({ user: SECRET, passwort: SECRET }) as never }).query('SELECT 1'),
  NOT_ON_A_POOL: () => open().beginTransaction(),
  TRANSACTION_LOST: () =>
    open().transaction(async (tx) => {
      await tx.query('CREATE TABLE IF NOT EXISTS other (id INT)')
      await tx.query('SELECT 1')
    }),
  COMMIT_UNKNOWN: async () => {
    const failure = open()
      .transaction(async (tx) => {
        await tx.query('INSERT INTO t VALUES (1)')
        await server.current.query('FLUSH TABLES WITH READ LOCK') // a COMMIT waits for its end
      })
      .catch((error) => error)
    await expect.poll(async () => (await server.current.connections('shop'))[0]?.Info).toBe('COMMIT')
    await server.current.killConnections('shop')
    await server.current.query('UNLOCK TABLES')
    throw await failure
  },
  TEXT_EXECUTE_REFUSED: () => open({}, { proxy: true }).execute('SELECT /*! ? */ 1', [1]),
  PINNED: () => open({}, { proxy: { pinning: 'refuse' } }).query('SET @a = ?', [SECRET]),
  LEAK: () => {
    const pool = open({}, { onLeak: 'throw' })
    return invoke(pool, async () => void (await pool.getConnection()))
  },
}

/** Errors of the driver, the server and the system that come through. */
const others: Record<string, () => unknown> = {
  'a wrong password': () => open({ password: `${SECRET}?` }).query('SELECT 1'),
  'a wrong password, fetched': () =>
    open({}, { credentials: async () => ({ password: `${SECRET}?` }) }).query('SELECT 1'),
  'a schema that is not there': () => open({ database: 'nowhere' }).query('SELECT 1'),
  'a host that is not there': () =>
    open({ host: 'nowhere.invalid' }, { connectTimeout: 20 }).query('SELECT 1'),
  'no TLS on the other side': () =>
    open({ host: 'localhost' }, { tls: { ca: 'no PEM', key: SECRET, passphrase: SECRET } }).query('SELECT 1'),
  'another authority': () => open({ host: 'localhost' }, { tls: {} }).query('SELECT 1'),
  'a URL in the place of a host': () => open({ host: `mysql://shop:${encodeURIComponent(SECRET)}@h/d` }),
  'bad SQL': () => open().query('SELEC'),
  'bad values': () => open().execute('SELECT ?', [undefined] as never),
  'a bad session variable': () => open({}, { session: { no_such_thing: 1 } }).query('SELECT 1'),
  'a user that cannot be changed to': () =>
    open().withConnection((connection) => connection.changeUser({ user: 'nobody', password: SECRET })),
  'a pool that is ended in the middle': async () => {
    const pool = open()
    const failure = pool.query('SELECT SLEEP(20)').catch((error) => error)
    await expect.poll(async () => (await server.current.connections('shop'))[0]?.Info).toContain('SLEEP')
    await pool.end({ timeout: 1 })
    throw await failure
  },
}

async function failureOf(fail: () => unknown): Promise<unknown> {
  return new Promise((resolve) => resolve(fail())).then(
    () => expect.fail('it did not fail'),
    (reason) => reason,
  )
}

describe('no error shows a secret:', () => {
  test.each(Object.entries(codes))('%s', async (code, fail) => {
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    const error = await failureOf(fail)
    expect(error).toMatchObject({ code })
    expect(secretsIn(printed(error))).toEqual([])
  })

  test.each(Object.entries(others))('%s', async (_, fail) => {
    expect(secretsIn(printed(await failureOf(fail)))).toEqual([])
  })
})

test('no warning shows a secret', () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  open({}, { connectionLimit: 1 })
  open({}, { connectionLimit: 3 })
  expect(printed(warn.mock.calls)).toMatch(/connectionLimit 3/)
  expect(secretsIn(printed(warn.mock.calls))).toEqual([])
})
