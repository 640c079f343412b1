import { describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { clock } from '../src/clock.ts'
import { type Credentials, createPool, iam, type PoolOptions } from '../src/index.ts'
import { bytesOfAws } from './support/bundled.ts'
import { Eavesdropper } from './support/eavesdropper.ts'
import { counting, iamForFile } from './support/iam.ts'
import { refusalOf } from './support/refusal.ts'

const open = iamForFile()

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
    const request = { host: 'db.internal', port: 3306, user: 'shop', renew: false }
    vi.stubEnv('AWS_REGION', undefined)
    await expect(iam()(request)).rejects.toThrow(/^iam\.region: received nothing; accepted: .*AWS_REGION/)
    await expect(iam()({ ...request, user: undefined })).rejects.toThrow(
      /^connection\.user: received nothing/,
    )
    await expect(iam()({ ...request, host: '10.0.0.7' })).rejects.toThrow(
      /^connection\.host: received the address 10\.0\.0\.7/,
    )
    // Before there is any handshake, where it is known then.
    expect(() => createPool({ connection: { host: connection.host }, credentials: iam() })).toThrow(
      /^connection\.user: received nothing/,
    )

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

  test.each<[options: unknown, message: string]>([
    [
      { hostName: 'x' },
      'iam.hostName: received an option that does not exist; accepted: hostname (mind the case)',
    ],
    [{ region: 5 }, 'iam.region: received 5; accepted: the name of a region, such as eu-west-1'],
    [
      { region: 'EU-WEST-1' },
      "iam.region: received 'EU-WEST-1'; accepted: the name of a region, such as eu-west-1",
    ],
    [{ port: '3306' }, "iam.port: received '3306'; accepted: a whole number from 1 to 65535"],
    [{ hostname: 'https://db' }, "iam.hostname: received 'https://db'; accepted: a host name"],
    [{ user: 5 }, 'iam.user: received a number; accepted: a text'],
    [null, 'iam(options): received null; accepted: a plain object'],
    ['eu-west-1', 'iam(options): received a text of 9 characters; accepted: a plain object'],
  ])('takes no %o', (options, message) => {
    expect(refusalOf(() => iam(options as object)).message).toBe(message)
  })

  test('takes no region but the endpoint’s own', () => {
    expect(() => createPool({ connection, credentials: iam({ region: 'us-east-1' }) })).toThrow(
      `iam.region: received 'us-east-1'; accepted: nothing, or eu-west-1, which ${connection.host} is in`,
    )
  })

  test('says so where it was not called', async () => {
    const pool = open({ connection, tls: {}, credentials: iam as unknown as Credentials })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: 'credentials: received iam itself; accepted: what it gives: iam()',
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

  test.each([
    ['shop.abc.ap-south-1.rds.amazonaws.com', 'ap-south-1'],
    ['shop.proxy-abc.eu-central-1.rds.amazonaws.com', 'eu-central-1'],
    ['shop.abc.rds.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['db.internal', 'eu-west-1'],
  ])('takes the region from the name of the endpoint, or the environment: %s', async (host, region) => {
    const { password } = await iam()({ host, port: 3306, user: 'shop', renew: false })
    expect(decodeURIComponent(password)).toContain(`/${region}/rds-db/aws4_request`)
  })

  test('signs once for twenty handshakes, and once more when they are refused one by one', async () => {
    const { Signer } = await import('@aws-sdk/rds-signer')
    const signing = vi.spyOn(Signer.prototype, 'getAuthToken')
    const request = { host: 'db.internal', port: 3306, user: 'shop', renew: false }
    const credentials = iam()
    const given = await Promise.all(
      Array.from({ length: 20 }, () => credentials(request).then(() => clock.now())),
    )
    expect(signing).toHaveBeenCalledTimes(1)
    for (const newerThan of given) await credentials({ ...request, renew: true, newerThan })
    expect(signing).toHaveBeenCalledTimes(2)
    signing.mockRestore()
  })

  test('signs also with a signer that does not show its keys', async () => {
    class Signer {
      getAuthToken = async () => 'a token'
    }
    vi.doMock('@aws-sdk/rds-signer', () => ({ Signer }))
    const request = { host: 'db.internal', port: 3306, user: 'shop', renew: false }
    expect(await iam()(request)).toMatchObject({ user: 'shop', password: 'a token' })
    vi.doUnmock('@aws-sdk/rds-signer')
  })

  test('signs apart for each endpoint, port and user', async () => {
    const sign = iam()
    const request = { host: 'db.internal', port: 3306, user: 'shop', renew: false }
    const others = [{ host: 'db-ro.internal' }, { port: 3307 }, { user: 'reader' }]
    const tokens = await Promise.all([{}, ...others].map((other) => sign({ ...request, ...other })))
    const signed = tokens.map(({ password }) => password.replace(/&X-Amz-.*/, ''))
    expect(signed).toEqual([
      'db.internal:3306/?Action=connect&DBUser=shop',
      'db-ro.internal:3306/?Action=connect&DBUser=shop',
      'db.internal:3307/?Action=connect&DBUser=shop',
      'db.internal:3306/?Action=connect&DBUser=reader',
    ])
  })

  test('signs anew after it could not', async () => {
    const { Signer } = await import('@aws-sdk/rds-signer')
    const signing = vi.spyOn(Signer.prototype, 'getAuthToken').mockRejectedValueOnce(new Error('no keys'))
    const request = { host: 'db.internal', port: 3306, user: 'shop', renew: false }
    const credentials = iam()
    await expect(credentials(request)).rejects.toThrow('no keys')
    expect(await credentials(request)).toMatchObject({ user: 'shop' })
    signing.mockRestore()
  })

  test.each<[string, () => unknown, string]>([
    [
      'host',
      () => createPool({ connection: { ...connection, host: '10.0.0.7' }, credentials: iam() }),
      'connection.host',
    ],
    [
      'host with TLS',
      () => createPool({ connection: { host: '::1' }, tls: {}, credentials: iam() }),
      'connection.host',
    ],
    ['name to sign', () => iam({ hostname: '10.0.0.7' }), 'iam.hostname'],
  ])('is refused an address as its %s, with the reason', (_, make, option) => {
    expect(make).toThrow(
      expect.objectContaining({
        code: 'INVALID_OPTION',
        message: expect.stringMatching(
          new RegExp(
            `^${option}: received the address .*; accepted: the endpoint's name: RDS takes an IAM token only`,
          ),
        ),
      }),
    )
  })

  describe('where the name that is signed', () => {
    /** What pools say that are made in this way, and of connecting twice. */
    async function told(options: PoolOptions): Promise<string[]> {
      const said: string[] = []
      const logged = vi.spyOn(console, 'warn').mockImplementation(() => {})
      const pools = [open(options), open(options)]
      for (const pool of pools) pool.on('warning', (message) => said.push(message))
      for (const pool of pools) await pool.query('SELECT 1').catch(() => {})
      logged.mockRestore()
      return said
    }
    // A name that is reserved for leading nowhere.
    const elsewhere = { host: 'db.invalid', user: 'shop' }
    const named = (host: string) => ({
      connection: { host, user: 'shop', port: 1 },
      tls: {},
      connectTimeout: 50,
      credentials: iam(),
    })

    test('is no RDS endpoint, that is told once', async () => {
      const message = expect.stringMatching(
        /^iam\(\) signs for db\.invalid, which is no RDS endpoint: .* as a CNAME does, .* iam\(\{ hostname \}\)$/,
      )
      // Two handles on one pool hear of it.
      expect(await told({ connection: elsewhere, tls: {}, credentials: iam() })).toEqual([message, message])
    })

    test('is known only later, it is told then', async () => {
      const options = { name: 'later', tls: {}, credentials: iam() }
      expect(await told({ ...options, connection: async () => elsewhere })).toHaveLength(2)
    })

    test('is localhost, nothing is told', async () => {
      expect(await told(named('localhost'))).toEqual([])
    })

    test('is an RDS endpoint though the host is a CNAME, nothing is told', async () => {
      const credentials = iam({ hostname: 'shop.abc.eu-west-1.rds.amazonaws.com' })
      expect(await told({ connection: elsewhere, tls: {}, credentials })).toEqual([])
    })
  })

  test('costs a bundle nothing where it is not used', async () => {
    expect(await bytesOfAws('import { createPool } from "./src/index.ts"; createPool()')).toBe(0)
    expect(await bytesOfAws('import { iam } from "./src/index.ts"; iam()')).toBeGreaterThan(10_000)
  })
})
