import { clearCaches } from '@aws-lambda-powertools/parameters'
import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import middy from '@middy/core'
import secretsManager, { secret } from '@middy/secrets-manager'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPool, mysqlPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { keepSecret } from './support/secrets.ts'
import { SecretsManager } from './support/secrets-manager.ts'

/* What docs/credentials.md shows of other libraries, played as it stands there. */
const ID = 'shop/database'
const server = databaseForFile()
let manager: SecretsManager
let pool: Pool
beforeEach(async () => {
  manager = await SecretsManager.start()
  manager.leadSdkHere()
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await manager[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
  clearCaches()
})

async function rotate(password: string): Promise<void> {
  keepSecret(password)
  await server.current.query("CREATE OR REPLACE USER single@'%' IDENTIFIED BY ?", [password])
  manager.put(ID, { username: 'single', password })
}

async function loseConnections(): Promise<void> {
  await server.current.killConnections('single')
  await vi.waitFor(() => expect(pool.stats().total).toBe(0))
}

test("Powertools' getSecret keeps a secret, and fetches it anew when it was refused", async () => {
  const { host, port } = server.current
  await rotate('the first password')
  pool = createPool({
    connection: { host, port },
    credentials: async ({ renew }) => {
      const text = await getSecret(ID, { maxAge: 3600, forceFetch: renew })
      const { username, password } = JSON.parse(String(text))
      return { user: username, password }
    },
  })
  for (let time = 0; time < 2; time++) {
    await pool.query('SELECT 1')
    await loseConnections()
  }
  expect(manager.takeAsked()).toHaveLength(1)
  await rotate('the second password')
  await pool.query('SELECT 1')
  expect(manager.takeAsked()).toHaveLength(1)
})

test("middy's secrets-manager has the secret ready before the handler needs a connection", async () => {
  const { host, port } = server.current
  await rotate('the first password')
  let login: { username: string; password: string }
  pool = createPool({
    connection: { host, port },
    prewarm: false,
    credentials: async () => ({ user: login.username, password: login.password }),
  })
  const handler = middy()
    .use(mysqlPool({ pool }))
    .use(
      secretsManager({
        fetchData: { login: secret<typeof login>(ID) },
        cacheExpiry: 60_000,
        disablePrefetch: true,
        setToContext: true,
      }),
    )
    .before(({ context }) => {
      login = context.login
    })
    .handler(async (_event, { db }) => (await db.query('SELECT CURRENT_USER() AS user'))[0])
  for (let time = 0; time < 2; time++) {
    expect(await handler({}, contextFor() as never)).toEqual([{ user: 'single@%' }])
    await loseConnections()
  }
  expect(manager.takeAsked()).toHaveLength(1)
})
