import { createRequire } from 'node:module'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Credentials, createPool, secret, type WarmpoolError } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'
import { keyOf } from '../src/target/target.ts'
import { bytesOfAws } from './support/bundled.ts'
import { keepSecret, secretsIn } from './support/secrets.ts'
import { type ExtensionMood, SecretsManager } from './support/secrets-manager.ts'

const ID = 'shop/database'
const login = { user: 'shop', password: 'correct horse battery' }
const SDK = '@aws-sdk/client-secrets-manager'
const TOKEN = 'IQoJb3JpZ2luX2VjEXAMPLE/of+a+role=='
keepSecret(TOKEN, 'not+a/real=secret')

let manager: SecretsManager
beforeEach(async () => {
  vi.stubEnv('AWS_SESSION_TOKEN', TOKEN)
  manager = await SecretsManager.start()
  manager.put(ID, { username: login.user, password: login.password })
  manager.leadSdkHere()
})
afterEach(async () => {
  vi.doUnmock(SDK)
  vi.unstubAllEnvs()
  await manager[Symbol.asyncDispose]()
})

/** As in a function that has the layer. */
function withExtension(port = manager.port): void {
  vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'shop')
  vi.stubEnv('PARAMETERS_SECRETS_EXTENSION_HTTP_PORT', String(port))
}

const withoutSdk = () =>
  vi.doMock(SDK, () => {
    throw new Error('Cannot find package')
  })

const place = { host: 'db.example', port: 3306, user: undefined, renew: false }
const ask = (credentials: Credentials) => credentials(place)
/** As after a refusal of what was given until now. */
const askAgain = (credentials: Credentials) => credentials({ ...place, renew: true })

describe('the extension', () => {
  test('is asked where there is one, and the SDK is not loaded', async () => {
    withExtension()
    expect(await ask(secret({ secretId: ID }))).toEqual(login)
    expect(manager.takeAsked()).toEqual([{ by: 'extension', secretId: ID, stage: 'AWSCURRENT' }])
    expect(loadedOfAws()).toEqual([])
  })

  test('that is not there is passed over for the service', async () => {
    withExtension(1)
    expect(await ask(secret({ secretId: ID }))).toEqual(login)
    expect(manager.takeAsked()).toMatchObject([{ by: 'service' }])
    expect(loadedOfAws()).not.toEqual([])
  })

  test.each([
    [
      'outside of Lambda',
      { AWS_LAMBDA_FUNCTION_NAME: undefined, PARAMETERS_SECRETS_EXTENSION_HTTP_PORT: undefined },
    ],
    ['without a session token, which it wants to see', { AWS_SESSION_TOKEN: undefined }],
    ['for a secret of another region', { AWS_REGION: 'eu-north-1' }],
  ])('is not asked %s', async (_, env) => {
    withExtension()
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value)
    expect(await ask(secret({ secretId: ID, region: 'eu-west-1' }))).toEqual(login)
    expect(manager.takeAsked()).toMatchObject([{ by: 'service' }])
  })

  test.each<[string, ExtensionMood]>([
    ['is not ready yet, as in INIT,', 'not ready'],
    ['answers without a secret', 'empty'],
  ])('that %s is passed over for the service', async (_, mood) => {
    withExtension()
    manager.extension = mood
    expect(await ask(secret({ secretId: ID }))).toEqual(login)
    expect(manager.takeAsked()).toMatchObject([{ by: 'extension' }, { by: 'service' }])
  })

  test('that is not ready is told where there is no SDK to ask the service with, and asked again', async () => {
    withExtension()
    withoutSdk()
    manager.extension = 'not ready'
    const credentials = secret({ secretId: ID })
    await expect(ask(credentials)).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: `the secret ${ID} could not be read: the Parameters and Secrets extension answered 400`,
    })
    manager.extension = 'strict'
    expect(await ask(credentials)).toEqual(login)
  })

  test('that gives no answer, and a service that gives none at first, cost two seconds and no error', async () => {
    withExtension()
    manager.extension = 'silent'
    manager.put('slow', { username: login.user, password: login.password })
    let questions = 0
    manager.onAsked = ({ secretId }) => {
      manager.trouble = secretId === 'slow' && ++questions === 1 ? 'silent' : undefined
    }
    const [byService, slowly] = [secret({ secretId: ID }), secret({ secretId: 'slow', region: 'eu-north-1' })]
    expect(await Promise.all([ask(byService), ask(slowly)])).toEqual([login, login])
    const asked = manager.takeAsked().map(({ by, secretId }) => `${by} ${secretId}`)
    expect(asked.sort()).toEqual([`extension ${ID}`, `service ${ID}`, 'service slow', 'service slow'])
  })
})

describe('after a refusal', () => {
  const rotated = { user: 'shop', password: 'another horse battery' }
  beforeEach(() => withExtension())
  const rotate = () => manager.put(ID, { username: rotated.user, password: rotated.password })

  test('the service is asked, as the extension has a copy of its own', async () => {
    const credentials = secret({ secretId: ID })
    expect(await ask(credentials)).toEqual(login)
    rotate()
    expect(await askAgain(credentials)).toEqual(rotated)
    expect(manager.takeAsked()).toMatchObject([{ by: 'extension' }, { by: 'service', stage: 'AWSCURRENT' }])
  })

  test('and without the SDK, an extension that can is told to look anew', async () => {
    withoutSdk()
    manager.extension = 'agent'
    const credentials = secret({ secretId: ID })
    await ask(credentials)
    rotate()
    expect(await askAgain(credentials)).toEqual(rotated)
    expect(manager.takeAsked()).toMatchObject([{ by: 'extension' }, { by: 'extension', fresh: true }])
  })

  test('and from one that cannot, the copy is all there is until it is five minutes old', async () => {
    withoutSdk()
    const credentials = secret({ secretId: ID })
    await ask(credentials)
    rotate()
    expect(await askAgain(credentials)).toEqual(login)
    vi.setSystemTime(Date.now() + 301_000)
    expect(await askAgain(credentials)).toEqual(rotated)
    vi.useRealTimers()
  })
})

describe('the service', () => {
  test.each([
    ['the option', { secretId: ID, region: 'us-west-2' }, 'us-west-2'],
    [
      'the ARN',
      { secretId: 'arn:aws:secretsmanager:ap-south-1:123456789012:secret:shop-AbCdEf' },
      'ap-south-1',
    ],
    ['the environment', { secretId: ID }, 'eu-west-1'],
  ])('is asked in the region of %s', async (_, options, region) => {
    manager.put(options.secretId, { username: login.user, password: login.password })
    await ask(secret(options))
    expect(manager.takeAsked()).toEqual([
      { by: 'service', secretId: options.secretId, stage: 'AWSCURRENT', region },
    ])
  })

  test('is out of reach without the SDK, which is said', async () => {
    withoutSdk()
    await expect(ask(secret({ secretId: ID }))).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: 'secret() needs @aws-sdk/client-secrets-manager: npm install @aws-sdk/client-secrets-manager',
      outcome: 'not-sent',
    })
  })

  test('says what it cannot find', async () => {
    await expect(ask(secret({ secretId: 'shop/datebase' }))).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: /^the secret shop\/datebase could not be read: ResourceNotFoundException: .*can't find/,
      cause: { name: 'ResourceNotFoundException' },
    })
  })
})

test('what the SDK fails with shows nothing of the request, which has the keys in it', async () => {
  manager.trouble = { type: 'AccessDeniedException', message: 'not authorized' }
  const own: Credentials = async () => {
    const { GetSecretValueCommand, SecretsManagerClient } = await import(SDK)
    return new SecretsManagerClient().send(new GetSecretValueCommand({ SecretId: ID }))
  }
  const wrapped: Credentials = (request) =>
    own(request).catch((cause) => {
      throw new Error('no secret', { cause })
    })
  for (const credentials of [secret({ secretId: ID }), own, wrapped]) {
    const pool = createPool({ connection: { host: '127.0.0.1', port: 1 }, credentials, connectTimeout: 1000 })
    const error: WarmpoolError = await pool.query('SELECT 1').catch((reason) => reason)
    expect(error.code).toBe('CREDENTIALS_FAILED')
    const all = inspect(error, { depth: Infinity, showHidden: true })
    expect(all).toMatch(/AccessDeniedException(.|\n)*\$metadata/)
    expect(secretsIn(all)).toEqual([])
    await pool.end()
  }
})

test('a question that got no answer for five seconds, as when a freeze came between, keeps nobody else', async () => {
  manager.trouble = 'silent'
  const credentials = secret({ secretId: ID })
  const first = ask(credentials).catch(() => 'cut off')
  await vi.waitFor(() => expect(manager.takeAsked()).toHaveLength(1))
  manager.trouble = undefined
  vi.setSystemTime(Date.now() + 5100)
  let firstIsOver = false
  void first.then(() => {
    firstIsOver = true
  })
  expect(await ask(credentials)).toEqual(login)
  await new Promise(setImmediate)
  expect(firstIsOver).toBe(false)
  vi.useRealTimers()
})

describe('a secret that is of another shape', () => {
  const hidden = 'hunter2 and a half'
  keepSecret(hidden)
  test.each<[string, string | Uint8Array, string]>([
    ['a password alone', hidden, 'is not a JSON object'],
    ['half of a JSON text', `{"username":"shop","password":"${hidden}`, 'is not a JSON object'],
    ['a JSON text that is no object', JSON.stringify([hidden]), 'is not a JSON object'],
    ['without a user', JSON.stringify({ password: hidden }), 'has no username'],
    ['with another name for the user', JSON.stringify({ user: 'shop', password: hidden }), 'has no username'],
    ['without a password', JSON.stringify({ username: 'shop', passwd: hidden }), 'has no password'],
    [
      'with a password that is no text',
      JSON.stringify({ username: 'shop', password: [hidden] }),
      'has no password',
    ],
    ['binary', Buffer.from(hidden), 'is binary'],
  ])('is refused by what it lacks, and not shown: %s', async (_, value, what) => {
    manager.putValue(ID, value)
    const pool = createPool({
      connection: { host: '127.0.0.1', port: 1 },
      credentials: secret({ secretId: ID }),
    })
    const error: WarmpoolError = await pool.query('SELECT 1').catch((reason) => reason)
    expect(error).toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: `the secret ${ID} ${what}; accepted: RDS's JSON with username and password, both texts`,
    })
    expect(secretsIn(inspect(error, { depth: Infinity, showHidden: true }))).toEqual([])
    await pool.end()
  })
})

describe('secret()', () => {
  test.each([
    [undefined, 'secret(options): received nothing; accepted: a plain object'],
    [{}, 'secret.secretId: received nothing; accepted: a text'],
    [
      { secretID: ID },
      'secret.secretID: received an option that does not exist; accepted: secretId (mind the case)',
    ],
    [{ secretId: ID, region: 7 }, 'secret.region: received a number; accepted: a text'],
    [
      { secretId: '{"username":"shop"}' },
      "secret.secretId: received JSON; accepted: the secret's name or ARN",
    ],
  ])('refuses %j when it is made', (options, message) => {
    expect(() => secret(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message }),
    )
  })

  test('said in two places is one pool, unless it is of another secret', () => {
    const key = (secretId: string) =>
      keyOf(resolveOptions({ connection: { host: 'db.example' }, credentials: secret({ secretId }) }))
    expect(key(ID)).toBe(key(ID))
    expect(key(ID)).not.toBe(key('another'))
  })

  test('costs a bundle nothing where it is not used', async () => {
    expect(await bytesOfAws('import { createPool } from "./src/index.ts"; createPool()')).toBe(0)
    expect(
      await bytesOfAws('import { secret } from "./src/index.ts"; secret({ secretId: "x" })'),
    ).toBeGreaterThan(10_000)
  })
})

/** The files of the AWS SDK that this process has loaded. */
function loadedOfAws(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => /@aws-sdk|@smithy/.test(file))
}
