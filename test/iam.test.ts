import { createRequire } from 'node:module'
import { build } from 'esbuild'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { type Credentials, createPool, iam, type Pool, type PoolOptions } from '../src/index.ts'
import { Eavesdropper } from './support/eavesdropper.ts'
import { missingForTokens, TokenDatabase } from './support/pam.ts'
import { keepSecret } from './support/secrets.ts'

const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }
keepSecret(keys.secretAccessKey, 'X-Amz-Signature=', 'X-Amz-Credential=') // every token has the last two in it
const pools: Pool[] = []
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', keys.accessKeyId)
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey)
  vi.stubEnv('AWS_REGION', keys.region)
})
afterEach(async () => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
  for (const pool of pools.splice(0)) await pool.end({ timeout: 100 })
})

function open(options: PoolOptions): Pool {
  const pool = createPool(options)
  pools.push(pool)
  return pool
}

const missing = missingForTokens()
if (missing)
  test('tokens are checked by a real server', ({ skip }) => {
    if (process.env.CI) expect.fail(missing)
    skip(missing)
  })

describe.skipIf(missing)('a server that checks tokens as RDS does', () => {
  let database: TokenDatabase
  beforeAll(async () => {
    database = await TokenDatabase.start(keys)
  })
  afterAll(() => database?.[Symbol.asyncDispose]())
  beforeEach(() => void database.verdicts())

  function openWith(credentials: Credentials, options: PoolOptions = {}): Pool {
    const { port, database: schema, ca } = database.server
    const connection = { host: 'localhost', port, user: 'iam', database: schema }
    return open({ connection, tls: { ca: String(ca) }, credentials, ...options })
  }

  test('lets iam() in, which loads its signer when the first connection opens', async () => {
    const pool = openWith(iam())
    expect(loadedOfAws()).toEqual([])
    expect((await pool.query('SELECT CURRENT_USER() AS user'))[0]).toEqual([{ user: 'iam@%' }])
    expect(loadedOfAws()).not.toEqual([])
    expect(database.verdicts()).toEqual([{ user: 'iam' }])
  })

  test('sees one token for each handshake, asked for at that moment', async () => {
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials, { connectionLimit: 3 })
    await Promise.all([1, 2, 3].map(() => pool.query('SELECT SLEEP(0.1)')))
    await pool.query('SELECT 1')
    expect(asked).toHaveLength(3)
    expect(database.verdicts()).toHaveLength(3)

    await database.server.killConnections('iam')
    vi.setSystemTime(Date.now() + 10_000) // tokens of one second are the same
    await pool.query('SELECT 1')
    expect(asked).toHaveLength(4)
    expect(new Set(asked.slice(3)).isDisjointFrom(new Set(asked.slice(0, 3)))).toBe(true)
  })

  test('refuses an expired token, and the one that takes its place; the error has the whole story', async () => {
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials)
    vi.setSystemTime(Date.now() - 901_000)
    const failure = await pool.query('SELECT 1').catch((error) => error)
    expect(failure).toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /^cannot connect to localhost:\d+ as iam: .*\(Access denied .*; 2 attempts, \d+ ms\)$/,
      ),
      cause: { errno: 1045 },
    })
    expect(database.verdicts()).toEqual([
      { user: 'iam', wrong: 'age' },
      { user: 'iam', wrong: 'age' },
    ])
    expect(asked).toHaveLength(2)
  })

  test('lets in after one token that was refused', async () => {
    let first = true
    const sign = iam()
    const pool = openWith(async (request) => {
      if (!first) return sign(request)
      first = false
      return { password: 'a token from before' }
    })
    await pool.query('SELECT 1')
    expect(database.verdicts()).toEqual([{ user: 'iam', wrong: 'form' }, { user: 'iam' }])
  })

  test.each<[string, string, Credentials]>([
    ['user', 'user', (request) => tokenAlone(iam()({ ...request, user: 'somebody' }))],
    ['host', 'endpoint', iam({ hostname: 'cname.example' })],
    ['port', 'endpoint', iam({ port: 3306 })],
    ['region', 'key', iam({ region: 'us-east-1' })],
  ])('refuses a token that is for another %s', async (_, wrong, credentials) => {
    await expect(openWith(credentials).query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { errno: 1045 },
    })
    expect(database.verdicts().map((verdict) => verdict.wrong)).toEqual([wrong, wrong])
  })

  test('lets in a pool that takes it for RDS Proxy', async () => {
    const pool = openWith(iam(), { proxy: true })
    await pool.query('SELECT 1')
    expect((await pool.execute('SELECT ? AS one', [1]))[0]).toEqual([{ one: 1 }])
    expect(database.verdicts()).toEqual([{ user: 'iam' }])
  })

  test('refuses a token signed with another secret', async () => {
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another')
    await expect(openWith(iam()).query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    expect(database.verdicts().map((verdict) => verdict.wrong)).toEqual(['signature', 'signature'])
  })
})

describe('iam()', () => {
  const connection = { host: 'shop.abc.eu-west-1.rds.amazonaws.com', user: 'shop' }

  test.each<[string, PoolOptions]>([
    ['a host that is not of RDS', { connection: { ...connection, host: 'localhost' } }],
    ['TLS switched off', { connection, tls: false }],
    ['a socket path', { connection: { socketPath: '/run/mysqld/mysqld.sock', user: 'shop' } }],
  ])('is refused without TLS when the pool is created: %s', (_, options) => {
    expect(() => createPool({ ...options, credentials: iam() })).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(
          /^credentials: received a token that is sent in clear, without TLS; accepted: /,
        ),
      }),
    )
  })

  test('is refused without TLS when the place is known only later', async () => {
    const pool = open({ name: 'later', connection: async () => ({ host: 'localhost' }), credentials: iam() })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  })

  test('says what it lacks: a region, a user, a name to sign, keys', async () => {
    const request = { host: 'db.internal', port: 3306, user: 'shop' }
    vi.stubEnv('AWS_REGION', undefined)
    await expect(iam()(request)).rejects.toThrow(/^iam\.region: received nothing; accepted: .*AWS_REGION/)
    await expect(iam()({ ...request, user: undefined })).rejects.toThrow(/^user: received nothing/)
    await expect(iam()({ ...request, host: '10.0.0.7' })).rejects.toThrow(/^host: received 10\.0\.0\.7/)
    expect(() => iam({ hostName: 'x' } as object)).toThrow(/^iam\.hostName: .*hostname \(mind the case\)/)

    vi.stubEnv('AWS_ACCESS_KEY_ID', undefined)
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true')
    vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere')
    vi.stubEnv('AWS_CONFIG_FILE', '/nowhere')
    await expect(open({ connection, credentials: iam() }).query('SELECT 1')).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: expect.stringMatching(/^credentials\(\) failed: Could not load credentials/),
      cause: { name: 'CredentialsProviderError' },
    })
  })

  test('says how to get its signer where that is not installed', async () => {
    vi.doMock('@aws-sdk/rds-signer', () => {
      throw new Error('Cannot find package')
    })
    await expect(open({ connection, credentials: iam() }).query('SELECT 1')).rejects.toMatchObject({
      code: 'CREDENTIALS_FAILED',
      message: 'iam() needs @aws-sdk/rds-signer: npm install @aws-sdk/rds-signer',
      outcome: 'not-sent',
    })
    vi.doUnmock('@aws-sdk/rds-signer')
  })

  test('sends the whole of the long token that temporary keys make', async () => {
    vi.stubEnv('AWS_SESSION_TOKEN', 'x'.repeat(1500)) // as Lambda's always are
    const certificate = await makeCertificate()
    await using listener = await Eavesdropper.start(certificate)
    const { credentials, asked } = counting(iam())
    const pool = open({
      connection: { host: 'localhost', port: listener.port, user: 'shop' },
      tls: { ca: certificate.ca },
      credentials,
    })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    expect(asked[0]?.length).toBeGreaterThan(1500)
    expect(listener.heard.inside).toContain(`${asked[0]}\0`)
  })

  test('takes the region from the name of the endpoint', async () => {
    const { password } = await iam()({
      host: 'shop.abc.ap-south-1.rds.amazonaws.com',
      port: 3306,
      user: 'shop',
    })
    expect(decodeURIComponent(password)).toContain('/ap-south-1/rds-db/aws4_request')
  })

  test('costs a bundle nothing where it is not used', async () => {
    expect(await bytesOfAws('import { createPool } from "./src/index.ts"; createPool()')).toBe(0)
    expect(await bytesOfAws('import { iam } from "./src/index.ts"; iam()')).toBeGreaterThan(10_000)
  })
})

/** Of another's login only the token. */
const tokenAlone = async (login: ReturnType<Credentials>) => ({ password: (await login).password })

function counting(sign: Credentials): { credentials: Credentials; asked: string[] } {
  const asked: string[] = []
  const credentials: Credentials = async (request) => {
    const login = await sign(request)
    asked.push(login.password)
    return login
  }
  return { credentials: Object.assign(credentials, { cleartext: true }), asked }
}

/** The files of the AWS SDK that this process has loaded. */
function loadedOfAws(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => /@aws-sdk|@smithy/.test(file))
}

/** How much of a bundle of this program is the AWS SDK's. */
async function bytesOfAws(program: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: process.cwd() },
    bundle: true,
    metafile: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['mysql2'],
  })
  const [output] = Object.values(metafile.outputs)
  return Object.entries(output?.inputs ?? {})
    .filter(([file]) => /@aws-sdk|@smithy/.test(file))
    .reduce((total, [, { bytesInOutput }]) => total + bytesInOutput, 0)
}
