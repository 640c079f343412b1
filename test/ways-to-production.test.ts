import { afterEach, beforeAll, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { keepSecret } from './support/secrets.ts'
import { SecretsManager } from './support/secrets-manager.ts'
import { reachByNameForTest } from './support/stand-in-proxy/by-name.ts'
import { PROXY_NAME } from './support/stand-in-proxy/certificate.ts'
import { eventually, proxyForTest } from './support/stand-in-proxy/plain-client.ts'
import type { StandInProxy } from './support/stand-in-proxy/stand-in-proxy.ts'

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }
keepSecret(KEYS.secretAccessKey, 'X-Amz-Signature=')

const server = databaseForFile()
beforeAll(() =>
  server.current.query('CREATE TABLE notes (id INT PRIMARY KEY, text VARCHAR(20)) ENGINE = InnoDB'),
)
beforeEach(() => {
  vi.resetModules()
  environment({
    DATABASE_URL: undefined,
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_REGION: 'us-east-1', // the endpoint's name says another one
  })
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

function environment(variables: Record<string, string | undefined>): void {
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
}

/** What lets the handler in until it is called again, with its connection gone by then. */
interface Way {
  readonly proxy?: StandInProxy
  /** Between the two calls. */
  change?(): void
}

/** Connections do not outlive the time between two calls. */
async function byProxy(): Promise<StandInProxy> {
  const proxy = await proxyForTest(server.current, { maxConnections: 2, idleClientTimeout: 200 })
  environment(reachByNameForTest(proxy))
  return proxy
}

const WAYS: Record<string, () => Promise<Way>> = {
  'to the server itself': async () => {
    const { host, port, user, password, database } = server.current
    environment({
      DB_HOST: host,
      DB_PORT: String(port),
      DB_USER: user,
      DB_PASSWORD: password,
      DB_NAME: database,
    })
    return {}
  },
  'through a proxy, with a password': async () => ({ proxy: await byProxy() }),
  'through a proxy, with IAM': async () => {
    const proxy = await byProxy()
    environment({ DB_AUTH: 'iam', DB_PASSWORD: undefined })
    proxy.accounts.allowTokens(server.current.user, { ...KEYS, host: PROXY_NAME, port: proxy.port })
    return { proxy }
  },
  'through a proxy, with a secret that is rotated': async () => {
    const proxy = await byProxy()
    const manager = await SecretsManager.start()
    onTestFinished(() => manager[Symbol.asyncDispose]())
    const { user: username, password } = server.current
    manager.put('shop/database', { username, password })
    environment({
      DB_AUTH: 'secret',
      DB_PASSWORD: undefined,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: manager.url,
    })
    const change = () => {
      const rotated = 'the password of another day'
      proxy.accounts.allow(username, rotated)
      manager.put('shop/database', { username, password: rotated })
    }
    return { proxy, change }
  },
}

test.each(Object.keys(WAYS))('the same handler works %s', async (name) => {
  const first = 10 * Object.keys(WAYS).indexOf(name)
  const way = (await WAYS[name]?.()) as Way
  const { handler, pool } = await import('./support/anywhere-handler.ts')
  onTestFinished(() => pool.end())
  const call = (id: number) => handler(id, contextFor(10_000))

  expect(await call(first)).toEqual({ id: first, text: `note ${first}` })
  const { proxy } = way
  if (proxy) await eventually(() => expect(proxy.clients).toBe(0))
  way.change?.()
  expect(await call(first + 1)).toEqual({ id: first + 1, text: `note ${first + 1}` })

  if (!proxy) return
  expect(proxy.pinned).toEqual([])
  expect(Object.keys(proxy.commands)).toEqual(['QUERY'])
  expect(proxy.refused).toEqual(way.change ? [1045] : [])
  expect(proxy.accounts.verdicts.every(({ wrong }) => wrong === undefined)).toBe(true)
  expect(proxy.accounts.verdicts.length > 0).toBe(name.endsWith('IAM'))
})
