import { createRequire } from 'node:module'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Credentials, iam, type Pool, type PoolOptions } from '../src/index.ts'
import { counting, iamForFile, keys } from './support/iam.ts'
import { missingForTokens, TokenDatabase } from './support/pam.ts'

const open = iamForFile()
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
  let ahead = 0
  beforeEach(() => {
    ahead = 0
    database.setAhead(0)
    database.verdicts()
  })

  /** Keys that are good for so long yet, milliseconds. */
  function stubKeys(life: number): void {
    const until = Date.now() + life
    vi.stubEnv('AWS_SESSION_TOKEN', `until-${until}`)
    vi.stubEnv('AWS_CREDENTIAL_EXPIRATION', new Date(until).toISOString())
  }

  function openWith(credentials: Credentials, options: PoolOptions = {}): Pool {
    const { port, database: schema, ca } = database.server
    const connection = { host: 'localhost', port, user: 'iam', database: schema }
    // A handshake that a busy machine holds up for long is not begun again: each is counted here.
    const patient = { validateTimeout: 10_000, connectTimeout: 20_000 }
    return open({ connection, tls: { ca: String(ca) }, credentials, ...patient, ...options })
  }

  test('lets iam() in, which loads its signer when the first connection opens', async () => {
    const pool = openWith(iam())
    expect(loadedOfAws()).toEqual([])
    expect((await pool.query('SELECT CURRENT_USER() AS user'))[0]).toEqual([{ user: 'iam@%' }])
    expect(loadedOfAws()).not.toEqual([])
    expect(database.verdicts()).toEqual([{ user: 'iam' }])
  })

  /** Lets time pass here and there. */
  function pass(milliseconds: number): void {
    vi.setSystemTime(Date.now() + milliseconds)
    ahead += milliseconds
    database.setAhead(ahead)
  }

  /** By a handshake of its own. */
  async function letIn(pool: Pool): Promise<void> {
    await database.server.killConnections('iam')
    await vi.waitFor(() => expect(pool.stats().total).toBe(0))
    await pool.query('SELECT 1')
  }

  test('sees one token of all that open close together, and another ten minutes later', async () => {
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials, { connectionLimit: 3 })
    await openAll(pool, 3)
    pass(590_000)
    await letIn(pool)
    expect(asked).toHaveLength(4)
    expect(new Set(asked).size).toBe(1)
    pass(20_000)
    await letIn(pool)
    expect(new Set(asked).size).toBe(2)
    expect(database.verdicts()).toEqual(Array(5).fill({ user: 'iam' }))
  })

  test('never refuses a pool that lives for longer than any token', async () => {
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials)
    await pool.query('SELECT 1')
    for (let quarter = 0; quarter < 2; quarter++) {
      pass(16 * 60_000)
      await letIn(pool)
    }
    expect(database.verdicts()).toEqual(Array(3).fill({ user: 'iam' }))
    expect(new Set(asked).size).toBe(3)
  })

  test('sees another token before the keys of the one before have expired', async () => {
    stubKeys(120_000)
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials)
    await pool.query('SELECT 1')
    pass(50_000)
    await letIn(pool)
    expect(new Set(asked).size).toBe(1)
    stubKeys(900_000) // as whoever gives them out has them by then
    pass(15_000)
    await letIn(pool)
    pass(60_000)
    await letIn(pool)
    expect(new Set(asked).size).toBe(2)
    expect(database.verdicts()).toEqual(Array(4).fill({ user: 'iam' }))
  })

  test('refuses a token by keys that have expired', async () => {
    stubKeys(-1000)
    await expect(openWith(iam()).query('SELECT 1')).rejects.toMatchObject({ cause: { errno: 1045 } })
    expect(database.verdicts()).toEqual(Array(2).fill({ user: 'iam', wrong: 'keys expired' }))
  })

  test('refuses a token by a clock that is behind, and the one that takes its place; the error has the whole story', async () => {
    const { credentials, asked } = counting(iam())
    const pool = openWith(credentials)
    const now = new Date(Date.now() - 3_600_000)
    vi.setSystemTime(now)
    const failure: Error = await pool.query('SELECT 1').catch((error) => error)
    expect(failure).toMatchObject({ code: 'CONNECT_FAILED', cause: { errno: 1045 } })
    const [, signed, place] =
      /^cannot connect to localhost:\d+ as iam: the server does not take this IAM token; look at rds-db:connect .*, the user's plugin \(AWSAuthenticationPlugin\), the host that was signed and this machine's clock: the token was signed for (localhost:\d+ as iam in eu-west-1) at (\S+Z) \(Access denied .*; 2 attempts, \d+ ms\)$/.exec(
        failure.message,
      ) ?? []
    expect(signed).toBe(`localhost:${database.server.port} as iam in eu-west-1`)
    expect(Math.abs(Date.parse(String(place)) - now.getTime())).toBeLessThan(30_000)
    expect(database.verdicts()).toEqual(Array(2).fill({ user: 'iam', wrong: 'age' }))
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

  test('refuses six handshakes that share a bad token, and lets them in with one that they share', async () => {
    const sign = iam()
    const { port } = database.server
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another')
    await sign({ host: 'localhost', port, user: 'iam', renew: false })
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey)
    const { Signer } = await import('@aws-sdk/rds-signer')
    const signing = vi.spyOn(Signer.prototype, 'getAuthToken')
    const pool = openWith(sign, { connectionLimit: 6 })
    await openAll(pool, 6)
    const verdicts = database.verdicts()
    expect(verdicts.filter(({ wrong }) => wrong === 'signature')).toHaveLength(6)
    expect(verdicts.filter(({ wrong }) => wrong === undefined)).toHaveLength(6)
    expect(signing).toHaveBeenCalledTimes(1)
    signing.mockRestore()
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

/** Has so many connections open at the same time. */
async function openAll(pool: Pool, count: number): Promise<void> {
  const all = await Promise.all(Array.from({ length: count }, () => pool.getConnection()))
  for (const connection of all) connection.release()
}

/** Of another's login only the token. */
const tokenAlone = async (login: ReturnType<Credentials>) => ({ password: (await login).password })

/** The files of the AWS SDK that this process has loaded. */
function loadedOfAws(): string[] {
  return Object.keys(createRequire(import.meta.url).cache).filter((file) => /@aws-sdk|@smithy/.test(file))
}
