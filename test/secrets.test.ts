import middy from '@middy/core'
import { createConnection } from 'mysql2/promise'
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPool, iam, mysqlPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { printed } from './support/printed.ts'
import { keepSecret, secretsIn } from './support/secrets.ts'

const SECRET = 'correct/horse+battery=staple'
const WRONG = 'another@horse:battery#staple'
keepSecret(SECRET, WRONG)
const server = databaseForFile()
beforeAll(async () => {
  await server.current.query("CREATE USER shop@'%' IDENTIFIED BY ?", [SECRET])
  await server.current.query("GRANT ALL ON *.* TO shop@'%'")
})

const pools: Pool[] = []
afterEach(async () => {
  vi.unstubAllEnvs()
  for (const pool of pools.splice(0)) await pool.end({ timeout: 50 })
})

function open(options?: PoolOptions): Pool {
  const pool = createPool(options)
  pools.push(pool)
  return pool
}

/** Everywhere a password may come from. */
const sources: [string, (password: string) => Pool][] = [
  ['a password', (password) => open({ connection: { ...place(), password } })],
  ['a URL', (password) => open({ connection: urlWith(password) })],
  ['a URL object', (password) => open({ connection: new URL(urlWith(password)) })],
  ['a uri', (password) => open({ connection: { uri: urlWith(password) } })],
  [
    'DB_PASSWORD',
    (password) => {
      const { host, port, user } = place()
      const env = { DB_HOST: host, DB_PORT: String(port), DB_USER: user, DB_PASSWORD: password }
      for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
      return open()
    },
  ],
  [
    'DATABASE_URL',
    (password) => {
      vi.stubEnv('DATABASE_URL', urlWith(password))
      return open()
    },
  ],
  ['credentials', (password) => open({ connection: place(), credentials: async () => ({ password }) })],
  [
    'a connection function',
    (password) => open({ name: 'asked', connection: async () => ({ ...place(), password }) }),
  ],
  [
    'TLS options',
    (password) => {
      const connection = { ...place(), host: 'localhost', password }
      return open({ connection, tls: { ca: String(server.current.ca), passphrase: password } })
    },
  ],
  [
    'other ways to hold one',
    (password) => {
      const authPlugins = { other: { key: password } } as never
      return open({
        connection: { ...place(), password, password2: password, password3: password, authPlugins },
      })
    },
  ],
]

const place = () => ({ host: server.current.host, port: server.current.port, user: 'shop' })
const urlWith = (password: string) =>
  `mysql://shop:${encodeURIComponent(password)}@${server.current.host}:${server.current.port}`

function expectNoSecretIn(things: Record<string, unknown>): void {
  for (const [name, thing] of Object.entries(things)) expect.soft(secretsIn(printed(thing)), name).toEqual([])
}

/** What a pool and what leads to it can be printed as. */
const facesOf = (pool: Pool) => ({
  pool,
  'pool.pool': pool.pool,
  'pool.pool.config': (pool.pool as unknown as { config: object }).config,
  'pool.config': pool.config,
  'pool.stats()': pool.stats(),
  'pool.plugin': pool.plugin,
  middleware: mysqlPool({ pool }),
  handler: middy(pool.plugin).use(mysqlPool({ pool })),
  wrapped: pool.wrap(async () => {}),
})

test('looking for a secret finds it where it is shown', async () => {
  const connection = await createConnection({ ...place(), password: SECRET })
  expect(secretsIn(printed(connection))).not.toEqual([])
  expect(secretsIn(printed(new Error('x', { cause: { deep: [encodeURIComponent(SECRET)] } })))).not.toEqual(
    [],
  )
  await connection.end()
})

describe.each(sources)('%s is not printed with what is made of it', (_, openWith) => {
  test('before connecting, connected and ended', async () => {
    const pool = openWith(SECRET)
    expectNoSecretIn(facesOf(pool))
    const held = await allThings(pool)
    await pool.end()
    expectNoSecretIn({ ...held, ...facesOf(pool) })
  })

  test('where the server does not let it in', async () => {
    const pool = openWith(WRONG)
    const error: Error = await pool.query('SELECT 1').catch((reason) => reason)
    expect(error.message).toContain('Access denied')
    expectNoSecretIn({ error, 'its cause': error.cause, ...facesOf(pool) })
    const callback = await new Promise((resolve) => pool.pool.query('SELECT 1', resolve))
    const streamed = pool.stream('SELECT 1')
    const failed = await streamed.toArray().catch((reason) => reason)
    expectNoSecretIn({ callback, streamed, failed })
  })

  test('where the connection is lost', async () => {
    const pool = openWith(SECRET)
    const connection = await pool.getConnection()
    const failure = connection.query('SELECT SLEEP(20)').catch((reason) => reason)
    await expect.poll(async () => (await server.current.connections('shop'))[0]?.Info).toContain('SLEEP')
    await server.current.killConnections('shop')
    expectNoSecretIn({ error: await failure, connection, face: connection.connection, ...facesOf(pool) })
  })
})

/** Everything that one invocation can hold. Printed in use, and given to be printed again afterwards. */
async function allThings(pool: Pool): Promise<Record<string, unknown>> {
  const held: Record<string, unknown> = {}
  const handler = middy()
    .use(mysqlPool({ pool }))
    .handler(async (event, context) => {
      const { db } = context
      const connection = await db.getConnection()
      Object.assign(held, {
        db,
        context,
        event,
        connection,
        'connection.connection': connection.connection,
        'connection.config': connection.config,
        'connection.connection.config': connection.connection.config,
        statement: await connection.prepare('SELECT 1'),
        stream: connection.stream('SELECT 1'),
        query: connection.connection.query('SELECT 1'),
      })
      expectNoSecretIn({ ...held, ...facesOf(pool) })
      await (held.stream as ReturnType<Pool['stream']>).toArray()
      connection.release()
      await db.transaction(async (tx) => {
        held.tx = tx
        expectNoSecretIn({ tx })
      })
    })
  await handler({}, contextFor())
  expectNoSecretIn(held)
  return held
}

test('a token of iam() is in nothing that is printed', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not+a/real=secret')
  vi.stubEnv('AWS_REGION', 'eu-west-1')
  vi.stubEnv('AWS_SESSION_TOKEN', 'the session token of a role')
  keepSecret('not+a/real=secret', 'the session token of a role')
  const sign = iam()
  const credentials = async (request: Parameters<typeof sign>[0]) => {
    const login = await sign(request)
    keepSecret(String(new URLSearchParams(login.password).get('X-Amz-Signature')))
    return login
  }
  const connection = { ...place(), host: 'localhost' }
  const pool = open({ connection, credentials, tls: { ca: String(server.current.ca) } })
  expectNoSecretIn({ sign, credentials, ...facesOf(pool) })
  const error: Error = await pool.query('SELECT 1').catch((reason) => reason)
  expect(error.message).toContain('Access denied')
  expectNoSecretIn({ error, sign, credentials, ...facesOf(pool) })
  await pool.end()
  expectNoSecretIn(facesOf(pool))
})
