import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { createPool, iam, secret } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { diagnosed, notOk, stepOf } from './support/diagnosed.ts'
import { Eavesdropper } from './support/eavesdropper.ts'
import { Listener } from './support/listener.ts'
import { resolve } from './support/names.ts'
import { missingForTokens, TokenDatabase } from './support/pam.ts'
import { keepSecret } from './support/secrets.ts'
import { SecretsManager } from './support/secrets-manager.ts'
import { StandInProxy } from './support/stand-in-proxy/stand-in-proxy.ts'

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }
keepSecret(keys.secretAccessKey, 'X-Amz-Signature=', 'X-Amz-Credential=') // every token has the last two in it
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey)
  vi.stubEnv('AWS_REGION', keys.region)
})
afterEach(() => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
})

const missing = missingForTokens()
if (missing)
  test('tokens are checked by a real server', ({ skip }) => {
    if (process.env.CI) expect.fail(missing)
    skip(missing)
  })

describe.skipIf(missing)('before a server that takes IAM tokens', () => {
  let tokens: TokenDatabase
  beforeAll(async () => {
    tokens = await TokenDatabase.start(keys)
  })
  afterAll(() => tokens?.[Symbol.asyncDispose]())
  const options = () => {
    const { port, database, ca } = tokens.server
    const connection = { host: 'localhost', port, user: 'iam', database }
    return { connection, tls: { ca: String(ca) }, credentials: iam() }
  }

  test('one that it takes is ok', async () => {
    const steps = await diagnosed(options())
    expect(notOk(steps)).toEqual([])
    expect(stepOf(steps, 'credentials').said).toMatch(
      /^an IAM token, signed for localhost:\d+ as iam in eu-west-1 at \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ by this machine's clock$/,
    )
  })

  test('one that it refuses is a fault that names what RDS does not', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another')
    const steps = await diagnosed(options())
    expect(notOk(steps)[0]).toEqual(['authentication', 'fault'])
    expect(stepOf(steps, 'authentication')).toMatchObject({
      said: 'the server does not take this IAM token',
      todo: expect.stringMatching(
        /^look at rds-db:connect .* this machine's clock: the token was signed for localhost:/,
      ),
      facts: { errno: 1045 },
    })
  })

  test('keys that are not there are a fault of the credentials', async () => {
    for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
      vi.stubEnv(name, undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    for (const name of ['AWS_SHARED_CREDENTIALS_FILE', 'AWS_CONFIG_FILE']) vi.stubEnv(name, '/nowhere')
    const steps = await diagnosed(options())
    expect(notOk(steps)[0]).toEqual(['credentials', 'fault'])
    expect(stepOf(steps, 'credentials')).toMatchObject({
      said: expect.stringMatching(/^credentials\(\) failed: Could not load credentials/),
      todo: expect.stringMatching(/^look at where this shell's AWS keys come from/),
    })
  })
})

const passwords = databaseForFile({ tls: false })

describe('before a server with passwords, and without TLS', () => {
  const server = passwords

  test('TLS that is demanded all the same is a fault', async () => {
    const { port, user, password } = server.current
    const steps = await diagnosed({ connection: { host: 'localhost', port, user, password }, tls: {} })
    expect(notOk(steps)[0]).toEqual(['tls', 'fault'])
    expect(stepOf(steps, 'tls')).toMatchObject({
      said: 'the server offers no TLS, which is demanded',
      todo: 'look at tls and at whether TLS is on there',
    })
    expect(stepOf(steps, 'credentials').verdict).toBe('skipped')
  })

  test('a secret of AWS Secrets Manager says as whom, and its password stays where it is', async () => {
    await using manager = await SecretsManager.start()
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.url)
    const { host, port, user, password, database } = server.current
    manager.put('shop/database', { username: user, password })
    const connection = { host, port, database }
    const found = await diagnosed({ connection, credentials: secret({ secretId: 'shop/database' }) })
    expect(notOk(found)).toEqual([])
    expect(stepOf(found, 'target').said).toMatch(/, as secret\(\) says, /)
    expect(stepOf(found, 'credentials').said).toBe('secret() for warmpool, whom the credentials name')

    const none = await diagnosed({ connection, credentials: secret({ secretId: 'shop/none' }) })
    expect(notOk(none)[0]).toEqual(['credentials', 'fault'])
    expect(stepOf(none, 'credentials').todo).toBe("look at the secret's id, its region and its account")
  })

  test('what to do about a secret that lets nobody in follows what is wrong with it', async () => {
    await using manager = await SecretsManager.start()
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', manager.url)
    const { host, port, database } = server.current
    const ask = async (secretId: string) => {
      const connection = { host, port, database }
      return stepOf(await diagnosed({ connection, credentials: secret({ secretId }) }), 'credentials')
    }
    manager.putValue('plain', 'no JSON at all')
    manager.putValue('nameless', '{"password":"open sesame"}')
    for (const [secretId, what] of [
      ['plain', 'is not a JSON object'],
      ['nameless', 'has no username'],
    ] as const)
      expect(await ask(secretId)).toMatchObject({
        said: `the secret ${secretId} ${what}`,
        todo: "accepted: RDS's JSON with username and password, both texts",
      })
    for (const [type, todo] of [
      ['AccessDeniedException', /^look at secretsmanager:GetSecretValue/],
      ['UnrecognizedClientException', /^look at where this shell's AWS keys come from/],
      ['InternalServiceError', /^look at the secret's id and region, /],
    ] as const) {
      manager.trouble = { type, message: 'no' }
      expect((await ask('plain')).todo).toMatch(todo)
    }
  })

  test('a proxy that shares sessions out is ok where the pool knows of it', async () => {
    await using proxy = await StandInProxy.before(server.current)
    const options = { connection: proxy.connection, tls: { ca: proxy.ca }, proxy: true }
    const steps = await diagnosed(options)
    expect(notOk(steps)).toEqual([])
    expect(stepOf(steps, 'proxy').said).toBe('through a proxy that shares sessions out, and the pool knows')
    expect(stepOf(steps, 'connections').facts.room).toBeNull()
    expect(proxy.pinned).toEqual([])
    expect(notOk(await diagnosed({ ...options, proxy: false }))).toEqual([['proxy', 'warning']])
  })
})

test('a server that cannot be verified is told neither user nor password', async () => {
  const certificate = await makeCertificate()
  await using listening = await Eavesdropper.start(certificate)
  keepSecret('open sesame')
  resolve('db.example', () => '127.0.0.1')
  const connection = { host: 'db.example', port: listening.port, user: 'shop-user', password: 'open sesame' }
  const steps = await diagnosed({ connection, tls: { ca: certificate.ca } })
  expect(notOk(steps)[0]).toEqual(['tls', 'fault'])
  expect(listening.callers).toBe(2) // with trust, and then to look
  expect(listening.heard.inside).toBe('')
  expect(listening.heard.outside).not.toMatch(/sesame|shop-user/)

  // Or what is not heard above would show nothing.
  const named = { ...connection, host: 'localhost' }
  await diagnosed({ connection: named, tls: { ca: certificate.ca } })
  expect(listening.heard.inside).toContain('open sesame')
})

test('a password that a server repeats is not passed on', async () => {
  keepSecret('open sesame')
  const words = 'Nobody\u001b[31m gets in by open sesame here'
  const message = Buffer.from(`\xff\x15\x04${words}`, 'latin1')
  await using talkative = await Listener.start((socket) =>
    socket.write(Buffer.concat([Buffer.from([message.length, 0, 0, 0]), message])),
  )
  const { port } = talkative
  const connection = { host: '127.0.0.1', port, user: 'shop', password: 'open sesame' }
  const step = stepOf(await diagnosed({ connection }), 'greeting')
  expect(step.facts.words).toBe('Nobody [31m gets in by *** here')
})

test('of no login that the credentials give, however many there are, is the password passed on', async () => {
  const given: string[] = []
  const credentials = async () => {
    const password = `shibboleth${given.length === 0 ? '' : ` ${given.length}`}`
    given.push(password)
    return { user: password, password }
  }
  const { host, port } = passwords.current
  const step = stepOf(await diagnosed({ connection: { host, port }, credentials }), 'authentication')
  expect(given).toEqual(['shibboleth', 'shibboleth 1', 'shibboleth 2'])
  expect(step.facts.words).toMatch(/^Access denied for user '\*\*\*'@/)
})

test.each<[what: string, fail: () => unknown, said: RegExp]>([
  [
    'a URL',
    () => Promise.reject(new Error('no: mysql://a:open-sesame@db/b')),
    /^no: mysql:\/\/\*\*\*@db\/b$/,
  ],
  ['what it cannot parse', () => JSON.parse('open-sesame'), /^SyntaxError; its words are kept back/],
])('of %s that the program itself complains of, no password is passed on', async (what, fail, said) => {
  const steps = await diagnosed({ name: what, connection: async () => (await fail()) as object })
  expect(stepOf(steps, 'target').said).toMatch(said)
  expect(JSON.stringify(steps)).not.toContain('sesame')
})

test('an RDS endpoint is judged by the authorities that the pool takes for it', async () => {
  const certificate = await makeCertificate()
  await using listening = await Eavesdropper.start(certificate)
  const stream = () => connect(listening.port, '127.0.0.1')
  const connection = {
    host: 'shop.abc.eu-west-1.rds.amazonaws.com',
    user: 'shop',
    password: 'open sesame',
    stream,
  }
  const steps = await diagnosed({ connection })
  expect(stepOf(steps, 'target').facts.tls).toBe("RDS's authorities and Node's own list")
  const pool = createPool({ connection, name: 'beside' })
  const failure = await pool.query('SELECT 1').catch((error) => error)
  await pool.end({ timeout: 100 })
  expect(failure.message).toContain("the server's certificate is of no trusted authority")
  expect(stepOf(steps, 'tls').said).toContain("the server's certificate is of no trusted authority")
})
