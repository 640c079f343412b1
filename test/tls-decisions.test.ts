import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'
import { keyOf, labelOf, type Target, targetOf } from '../src/target/target.ts'
import { refusalOf } from './support/refusal.ts'

/** As much of it as is looked at before it is used. */
const PEM = '-----BEGIN CERTIFICATE-----'

const INSTANCE = 'shop.c1a2b3.eu-central-1.rds.amazonaws.com'
const PROXY = 'shop.proxy-c1a2b3.eu-central-1.rds.amazonaws.com'
const VERIFIED = { rejectUnauthorized: true, verifyIdentity: true }

function target(options: object): Target {
  const settings = resolveOptions(options as PoolOptions, {})
  if (typeof settings.connection === 'function') throw new Error('a place that is known')
  return targetOf(settings.connection, settings)
}
const at = (host: string, more: object = {}) => target({ connection: { host }, ...more })
const refused = (options: object) => refusalOf(() => target(options)).message

describe('the host decides', () => {
  test.each<[host: string, what: 'instance' | 'proxy' | 'none']>([
    [INSTANCE, 'instance'],
    ['SHOP.C1A2B3.EU-CENTRAL-1.RDS.AMAZONAWS.COM', 'instance'],
    [`${INSTANCE}.`, 'instance'],
    ['shop.cluster-c1a2b3.eu-central-1.rds.amazonaws.com', 'instance'],
    ['shop.cluster-ro-c1a2b3.eu-central-1.rds.amazonaws.com', 'instance'],
    ['shop.cluster-custom-c1a2b3.eu-central-1.rds.amazonaws.com', 'instance'],
    ['proxy-of-mine.c1a2b3.eu-central-1.rds.amazonaws.com', 'instance'],
    ['shop.c1a2b3.us-gov-west-1.rds-fips.amazonaws.com', 'instance'],
    ['shop.c1a2b3.rds.cn-north-1.amazonaws.com.cn', 'instance'],
    ['shop.cluster-c1a2b3.rds.cn-northwest-1.amazonaws.com.cn', 'instance'],
    ['shop.c1a2b3.cn-north-1.rds.amazonaws.com.cn', 'instance'],
    ['shop.c1a2b3.eusc-de-east-1.rds.amazonaws.eu', 'instance'],
    [PROXY, 'proxy'],
    ['Shop.Proxy-c1a2b3.eu-central-1.rds.amazonaws.com', 'proxy'],
    ['readers.endpoint.proxy-c1a2b3.eu-central-1.rds.amazonaws.com', 'proxy'],
    ['shop.proxy-c1a2b3.rds.cn-north-1.amazonaws.com.cn', 'proxy'],
    ['shop.proxy-c1a2b3.cn-north-1.rds.amazonaws.com.cn', 'proxy'],
    ['localhost', 'none'],
    ['127.0.0.1', 'none'],
    ['db.example.com', 'none'],
    [`${INSTANCE}.example.com`, 'none'],
    [`${PROXY}.example.com`, 'none'],
    ['rds.amazonaws.com', 'none'],
    ['shopXrdsXamazonawsXcom', 'none'],
    ['queue.eu-central-1.amazonaws.com', 'none'],
  ])('%s: %s', (host, what) => {
    const { tls, proxied } = at(host)
    expect(proxied).toBe(what === 'proxy')
    if (what === 'none') expect(tls).toBeUndefined()
    // A proxy shows a certificate of Amazon's public authorities, which are Node's own.
    else expect(tls).toEqual(what === 'proxy' ? VERIFIED : { ...VERIFIED, profile: 'Amazon RDS' })
  })

  test('a socket is no RDS host', () => {
    expect(target({ connection: { socketPath: '/run/mysqld.sock' } })).toMatchObject({
      tls: undefined,
      proxied: false,
    })
  })

  test('what is said of the proxy goes before the name', () => {
    expect(at(PROXY, { proxy: false }).proxied).toBe(false)
    expect(at('db.example', { proxy: true }).proxied).toBe(true)
    expect(at('db.example', { proxy: true }).tls).toBeUndefined()
  })
})

describe('tls', () => {
  test.each<[tls: object | false, expected: object | undefined]>([
    [{}, VERIFIED],
    [{ ca: PEM }, { ca: PEM, ...VERIFIED }],
    [
      { ca: [PEM, PEM], minVersion: 'TLSv1.3' },
      { ca: [PEM, PEM], minVersion: 'TLSv1.3', ...VERIFIED },
    ],
    [{ ca: undefined }, VERIFIED],
    [false, undefined],
  ])('%o', (tls, expected) => {
    expect(at('db.example', { tls }).tls).toEqual(expected)
    expect(at(INSTANCE, { tls }).tls).toEqual(expected)
  })

  test('an address cannot be verified', () => {
    for (const host of ['10.0.0.7', '::1', '2001:db8::7'])
      expect(refused({ connection: { host }, tls: {} })).toBe(
        `tls: received a connection to the address ${host}; accepted: a host name, which TLS can verify`,
      )
  })
})

describe('connection.ssl', () => {
  const ssl = (value: unknown, host = 'db.example') => target({ connection: { host, ssl: value } }).tls

  test.each<[ssl: unknown, expected: object | undefined]>([
    [true, VERIFIED],
    [{}, VERIFIED],
    [{ ca: PEM }, { ca: PEM, ...VERIFIED }],
    [{ rejectUnauthorized: true, verifyIdentity: true }, VERIFIED],
    ['Amazon RDS', { ...VERIFIED, profile: 'Amazon RDS' }],
    [false, undefined],
    [undefined, undefined],
  ])('%o', (value, expected) => {
    expect(ssl(value)).toEqual(expected)
  })

  test('says what is trusted, not whether, on an RDS host', () => {
    expect(ssl({ ca: PEM }, INSTANCE)).toEqual({ ca: PEM, ...VERIFIED })
    expect(ssl(false, INSTANCE)).toEqual({ ...VERIFIED, profile: 'Amazon RDS' })
  })

  const ALWAYS = 'accepted: true: whenever TLS is on, chain and host name are verified'
  const FORMS = "accepted: true, false, 'Amazon RDS', or an object such as { ca }"
  test.each<[ssl: unknown, message: string]>([
    [{ rejectUnauthorized: false }, `connection.ssl.rejectUnauthorized: received false; ${ALWAYS}`],
    [{ verifyIdentity: false }, `connection.ssl.verifyIdentity: received false; ${ALWAYS}`],
    [{ rejectUnauthorized: 0 }, `connection.ssl.rejectUnauthorized: received 0; ${ALWAYS}`],
    [{ ca: 5 }, 'connection.ssl.ca: received a number; accepted: PEM, as a text or a Buffer'],
    [
      { pfx: 'x' },
      'connection.ssl.pfx: received an option that does not exist; accepted: ca, cert, key, passphrase, ciphers, minVersion, maxVersion',
    ],
    ['required', `connection.ssl: received a text of 8 characters; ${FORMS}`],
    ['', `connection.ssl: received an empty text; ${FORMS}`],
    [null, `connection.ssl: received null; ${FORMS}`],
    [1, `connection.ssl: received a number; ${FORMS}`],
  ])('%o is refused', (value, message) => {
    expect(refused({ connection: { host: 'db.example', ssl: value } })).toBe(message)
  })

  test('in a URL', () => {
    expect(target({ connection: 'mysql://h/d?ssl=true' }).tls).toEqual(VERIFIED)
    const never = encodeURIComponent('{"rejectUnauthorized":false}')
    expect(refused({ connection: `mysql://h/d?ssl=${never}` })).toContain(
      'rejectUnauthorized: received false',
    )
  })
})

describe('credentials that travel in clear', () => {
  const token = Object.assign(async () => ({ password: 'token' }), { cleartext: true as const })

  test('need TLS', () => {
    const message =
      "credentials: received a token that is sent in clear, without TLS; accepted: tls: 'auto' on an RDS host, or tls: { ca }"
    expect(refused({ connection: { host: 'db.example' }, credentials: token })).toBe(message)
    expect(refused({ connection: { host: INSTANCE }, credentials: token, tls: false })).toBe(message)
    expect(at(INSTANCE, { credentials: token }).tls).toBeDefined()
    expect(at('db.example', { credentials: token, tls: { ca: PEM } }).tls).toBeDefined()
  })

  test('others do not', () => {
    const credentials = async () => ({ password: 'x' })
    expect(at('db.example', { credentials })).toMatchObject({ tls: undefined, credentials })
  })
})

describe('through a proxy', () => {
  test.each<[options: object, message: string]>([
    [
      { idleTimeout: 1_800_000 },
      'idleTimeout: received 1800000; accepted: less than 1800000, when RDS Proxy closes an idle connection',
    ],
    [
      { maxLifetime: 86_400_000 },
      'maxLifetime: received 86400000; accepted: less than 86400000, when RDS Proxy closes any connection',
    ],
    [
      { connection: { host: PROXY, compress: true } },
      'connection.compress: received true; accepted: nothing: RDS Proxy does not support compression',
    ],
    [
      { connection: { host: PROXY, flags: ['COMPRESS'] } },
      'connection.flags: received COMPRESS; accepted: others: RDS Proxy does not support compression',
    ],
  ])('%o does not fit', (options, message) => {
    expect(refused({ connection: { host: PROXY }, ...options })).toBe(message)
  })

  test('times that end before its own do, as all do without one', () => {
    const longest = { idleTimeout: 1_799_999, maxLifetime: 86_399_999 }
    expect(at(PROXY, longest).proxied).toBe(true)
    expect(at('db.example', { idleTimeout: 1_800_000, maxLifetime: 86_400_000 }).proxied).toBe(false)
  })
})

describe('session variables through a proxy', () => {
  test('those that it tracks are taken', () => {
    const session = { time_zone: '+00:00', SQL_MODE: 'ANSI', transaction_isolation: 'READ-COMMITTED' }
    expect(at(PROXY, { session }).proxied).toBe(true)
  })

  test('others would pin the session', () => {
    for (const options of [{ connection: { host: PROXY } }, { connection: { host: 'h' }, proxy: true }])
      expect(refused({ ...options, session: { max_execution_time: 5 } })).toMatch(
        /^session\.max_execution_time: received a variable that pins an RDS Proxy session; accepted: .*time_zone/,
      )
    expect(at(PROXY, { session: { max_execution_time: 5 }, proxy: false }).proxied).toBe(false)
  })
})

describe('which pools are one', () => {
  const key = (options: object) => keyOf(resolveOptions(options as PoolOptions, {}))
  const typeCast = () => null
  const one = { connection: { host: 'h', user: 'u', typeCast, ssl: { ca: PEM, minVersion: 'TLSv1.3' } } }

  test('equal targets', () => {
    const same = {
      connectionLimit: 7,
      connection: { ssl: { minVersion: 'TLSv1.3', ca: PEM }, typeCast, user: 'u', port: 3306, host: 'h' },
    }
    expect(key(same)).toBe(key(one))
    expect(key({ connection: 'mysql://u:p@h/d' })).toBe(
      key({ connection: { host: 'h', user: 'u', password: 'p', database: 'd' } }),
    )
  })

  test.each<[what: string, other: object]>([
    ['another host', { connection: { ...one.connection, host: 'i' } }],
    ['another port', { connection: { ...one.connection, port: 3307 } }],
    ['another user', { connection: { ...one.connection, user: 'v' } }],
    ['another password', { connection: { ...one.connection, password: 'p' } }],
    ['another database', { connection: { ...one.connection, database: 'd' } }],
    ['another function', { connection: { ...one.connection, typeCast: () => null } }],
    ['another trust', { connection: { ...one.connection, ssl: { ca: PEM } } }],
    ['another shape of results', { connection: { ...one.connection, dateStrings: true } }],
    ['another session', { ...one, session: { time_zone: '+00:00' } }],
    ['another way', { ...one, proxy: true }],
    ['other credentials', { ...one, credentials: async () => ({ password: 'x' }) }],
    ['a name', { ...one, name: 'mine' }],
  ])('%s is another pool', (_, other) => {
    expect(key(other)).not.toBe(key(one))
  })

  test('a name does not make two places one', () => {
    const named = (host: string) => key({ name: 'n', connection: { host } })
    expect(named('h')).toBe(named('h'))
    expect(named('h')).not.toBe(named('i'))
    const later = (host: string) => key({ name: 'n', connection: async () => ({ host }) })
    expect(later('h')).toBe(later('i'))
  })

  test('neither key nor label holds what is secret', () => {
    const secret = 'k3y-0f-mine'
    const options = {
      connection: {
        host: 'h',
        password: secret,
        password2: secret,
        ssl: { key: secret, passphrase: secret },
      },
      session: { init_connect: secret },
    }
    const { connection } = resolveOptions(options as PoolOptions, {})
    expect(key(options)).not.toContain(secret)
    expect(labelOf(connection as never)).toBe('@h:3306/')
  })
})
