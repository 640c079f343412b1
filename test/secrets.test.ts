import { inspect } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const SECRET = 'correct/horse+battery=staple'
const server = databaseForFile()
beforeAll(async () => {
  await server.current.query("CREATE USER shop@'%' IDENTIFIED BY ?", [SECRET])
  await server.current.query("GRANT ALL ON *.* TO shop@'%'")
})

const pools: Pool[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const pool of pools.splice(0)) await pool.end({ timeout: 50 })
})

function open(connection: object = {}, options: PoolOptions = {}): Pool {
  const { host, port } = server.current
  const pool = createPool({ connection: { host, port, user: 'shop', ...connection }, ...options })
  pools.push(pool)
  return pool
}

/** All that can be got out of it by printing it, as it is and as it goes into a URL. */
function printed(what: unknown): string {
  const stack = what instanceof Error ? what.stack : ''
  const seen = inspect(what, {
    depth: Infinity,
    showHidden: true,
    getters: true,
    maxStringLength: Infinity,
    maxArrayLength: Infinity,
  })
  return decodeURIComponent(`${seen}\n${stack}\n${String(what)}`.replace(/%(?![0-9a-f]{2})/gi, ''))
}

test('looking for a secret finds it where it is shown', async () => {
  const { host, port } = server.current
  const connection = await createConnection({ host, port, user: 'shop', password: SECRET })
  expect(printed(connection)).toContain(SECRET)
  expect(printed(encodeURIComponent(SECRET))).toContain(SECRET)
  expect(printed(new Error('x', { cause: { deep: [SECRET] } }))).toContain(SECRET)
  await connection.end()
})

describe('no secret is printed with', () => {
  const given: [string, () => Pool][] = [
    ['a password', () => open({ password: SECRET })],
    [
      'a URL',
      () =>
        open({
          uri: `mysql://shop:${encodeURIComponent(SECRET)}@${server.current.host}:${server.current.port}`,
        }),
    ],
    ['a credentials function', () => open({}, { credentials: async () => ({ password: SECRET }) })],
    [
      'other ways to hold one',
      () =>
        open({
          password: SECRET,
          passwordSha1: undefined,
          password2: SECRET,
          password3: SECRET,
          authPlugins: { other: { key: SECRET } },
        }),
    ],
  ]

  test.each(given)('%s: pool, connections, what they give and what they are made with', async (_, make) => {
    const pool = make()
    await pool.wrap(async (_event: unknown, _context: unknown) => {
      const connection = await pool.getConnection()
      const statement = await connection.prepare('SELECT 1')
      const stream = connection.stream('SELECT 1')
      const shown = [
        pool,
        pool.pool,
        pool.config,
        pool.stats(),
        connection,
        connection.connection,
        connection.config,
        statement,
        stream,
      ]
      for (const what of shown) expect(printed(what)).not.toContain(SECRET)
      expect(JSON.stringify([pool.config, pool.stats(), connection.config])).not.toContain(SECRET)
      await stream.toArray()
      connection.release()
      await pool.transaction(async (tx) => expect(printed(tx)).not.toContain(SECRET))
    })({}, contextFor())
  })
})

describe('no error shows a secret:', () => {
  const failing: [string, () => unknown][] = [
    ['a wrong password', () => open({ password: `${SECRET}?` }).query('SELECT 1')],
    [
      'a wrong password, fetched',
      () => open({}, { credentials: async () => ({ password: `${SECRET}?` }) }).query('SELECT 1'),
    ],
    ['no server', () => open({ password: SECRET, port: 1 }, { connectTimeout: 20 }).query('SELECT 1')],
    [
      'no TLS on the other side',
      () =>
        open(
          { host: 'localhost', password: SECRET },
          { tls: { ca: 'no PEM', key: SECRET, passphrase: SECRET } },
        ).query('SELECT 1'),
    ],
    ['bad SQL', () => open({ password: SECRET }).query('SELEC')],
    [
      'a user that cannot be changed to',
      () =>
        open({ password: SECRET }).withConnection((connection) =>
          connection.changeUser({ user: 'nobody', password: SECRET }),
        ),
    ],
    [
      'nothing free',
      async () => {
        const pool = open({ password: SECRET }, { connectionLimit: 1, acquireTimeout: 20 })
        await using _held = await pool.getConnection()
        await pool.query('SELECT 1')
      },
    ],
    [
      'an ended pool',
      async () => {
        const pool = open({ password: SECRET })
        await pool.end()
        await pool.query('SELECT 1')
      },
    ],
    [
      'a killed connection',
      async () => {
        const pool = open({ password: SECRET })
        const failure = pool.query('SELECT SLEEP(20)').catch((error) => error)
        await expect.poll(async () => (await server.current.connections('shop'))[0]?.Info).toContain('SLEEP')
        await server.current.killConnections('shop')
        throw await failure
      },
    ],
  ]

  test.each(failing)('%s', async (_, fail) => {
    const error = await new Promise((resolve) => resolve(fail())).then(
      () => expect.fail('it did not fail'),
      (reason) => reason,
    )
    expect(printed(error)).not.toContain('staple')
  })

  test('nor does a warning', async () => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
    open({ password: SECRET }, { connectionLimit: 1 })
    open({ password: SECRET }, { connectionLimit: 3 })
    expect(printed(warn.mock.calls)).toMatch(/connectionLimit 3/)
    expect(printed(warn.mock.calls)).not.toContain(SECRET)
  })
})
