import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { DEFAULTS, type PoolOptions, resolveOptions } from '../src/options.ts'
import { refusalOf } from './support/refusal.ts'

/** As much of it as is looked at before it is used. */
const PEM = '-----BEGIN CERTIFICATE-----'

const connection = { host: 'db.example' }
const LONGEST = 2 ** 31 - 1

/** The message with which options are refused. */
function refused(options: unknown): string {
  return refusalOf(() => resolveOptions(options as PoolOptions, {})).message
}

test('without options, the defaults; the connection comes from the environment', () => {
  const { connection: found, ...rest } = resolveOptions(undefined, { DB_HOST: 'db.example' })
  expect(rest).toEqual(DEFAULTS)
  expect(found).toMatchObject({ host: 'db.example', port: 3306 })
})

test('an undefined option is one that was not given', () => {
  const given = Object.fromEntries(Object.keys(DEFAULTS).map((option) => [option, undefined]))
  const { connection: _, ...rest } = resolveOptions({ ...given, connection } as PoolOptions, {})
  expect(rest).toEqual(DEFAULTS)
})

describe('numbers', () => {
  const bounds: Record<string, [from: number, to: number]> = {
    connectionLimit: [1, 1000],
    queueLimit: [0, 1_000_000],
    acquireTimeout: [1, LONGEST],
    connectTimeout: [1, LONGEST],
    idleTimeout: [0, LONGEST],
    maxLifetime: [1, LONGEST],
    validateAfter: [0, LONGEST],
    validateTimeout: [1, LONGEST],
    deadlineMargin: [0, LONGEST],
  }
  test.each(Object.entries(bounds))('%s takes whole numbers from %j', (option, [from, to]) => {
    for (const value of [from, to]) {
      const settings = resolveOptions({ connection, [option]: value }, {})
      expect(settings).toHaveProperty(option, value)
    }
    for (const value of [from - 1, to + 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '10', 10n, true])
      expect(refused({ connection, [option]: value })).toBe(
        `${option}: received ${inspect(value)}; accepted: a whole number from ${from} to ${to}`,
      )
    for (const [value, kind] of [
      [null, 'null'],
      [[1], 'an array'],
      [{}, 'an object'],
      [() => 1, 'a function'],
      [Symbol('1'), 'a symbol'],
      [new Date(), 'a Date object'],
    ])
      expect(refused({ connection, [option]: value })).toContain(`received ${String(kind)}; accepted`)
  })
})

describe('the others', () => {
  const pass = async () => ({ password: 'x' })
  test.each<PoolOptions>([
    { name: 'orders' },
    { session: { time_zone: '+00:00', wait_timeout: 60, sql_mode: null, foreign_key_checks: false } },
    { credentials: pass },
    { proxy: true },
    { proxy: false },
    { proxy: 'auto' },
    { tls: 'auto' },
    { tls: false },
    { tls: { ca: [PEM, PEM], minVersion: 'TLSv1.3' } },
    { tls: { ca: Buffer.from(PEM), cert: PEM, key: Buffer.from(PEM), passphrase: 'p', ciphers: 'x' } },
    { sessionReset: 'always' },
    { sessionReset: 'never' },
    { onLeak: 'throw' },
    { onLeak: 'ignore' },
    { contextKey: 'database' },
  ])('%o is taken', (options) => {
    expect(resolveOptions({ connection, ...options }, {})).toMatchObject(options)
  })

  test.each<[options: object, message: string]>([
    [{ name: '' }, 'name: received an empty text; accepted: a text'],
    [{ name: 5 }, 'name: received a number; accepted: a text'],
    [{ contextKey: '' }, 'contextKey: received an empty text; accepted: a text'],
    [{ contextKey: null }, 'contextKey: received null; accepted: a text'],
    [{ session: 'x' }, 'session: received a text of 1 characters; accepted: a plain object'],
    [{ session: new Map() }, 'session: received a Map object; accepted: a plain object'],
    [{ session: { 'a b': 1 } }, 'session.a b: received this name; accepted: the name of a session variable'],
    [
      { session: { time_zone: Number.NaN } },
      'session.time_zone: received a number; accepted: a text, a number, true, false or null',
    ],
    [
      { session: { time_zone: undefined } },
      'session.time_zone: received nothing; accepted: a text, a number, true, false or null',
    ],
    [
      { session: { AutoCommit: 0 } },
      'session.AutoCommit: received a value; accepted: no value: it stays on, and transaction(fn) opens transactions',
    ],
    [
      { credentials: { password: 'x' } },
      'credentials: received an object; accepted: iam(), secret() or an async function giving { user?, password }',
    ],
    [{ proxy: 'yes' }, "proxy: received 'yes'; accepted: 'auto', true, false, or { pinning }"],
    [{ proxy: null }, "proxy: received null; accepted: 'auto', true, false, or { pinning }"],
    [{ tls: true }, "tls: received a boolean; accepted: 'auto', false, or an object such as { ca }"],
    [{ tls: { CA: 'x' } }, 'tls.CA: received an option that does not exist; accepted: ca (mind the case)'],
    [
      { tls: { rejectUnauthorized: false } },
      'tls.rejectUnauthorized: received an option that does not exist; accepted: ca, cert, key, passphrase, ciphers, minVersion, maxVersion',
    ],
    [{ tls: { ca: '' } }, 'tls.ca: received an empty text; accepted: PEM, as a text or a Buffer'],
    [{ tls: { ca: [PEM, 5] } }, 'tls.ca: received a number; accepted: PEM, as a text or a Buffer'],
    [
      { tls: { ca: './ca.pem' } },
      'tls.ca: received a text of 8 characters that is not PEM; accepted: PEM, as a text or a Buffer',
    ],
    [{ tls: { key: 5 } }, 'tls.key: received a number; accepted: PEM, as a text or a Buffer'],
    [{ tls: { passphrase: 5 } }, 'tls.passphrase: received a number; accepted: a text'],
    [
      { tls: { minVersion: 'TLSv1.1' } },
      "tls.minVersion: received 'TLSv1.1'; accepted: 'TLSv1.2', 'TLSv1.3'",
    ],
    [{ sessionReset: 'Always' }, "sessionReset: received 'Always'; accepted: 'dirty', 'always', 'never'"],
    [{ onLeak: true }, "onLeak: received true; accepted: 'warn', 'throw', 'ignore'"],
  ])('%o is refused', (options, message) => {
    expect(refused({ connection, ...options })).toBe(message)
  })

  test.each([5, 'mysql://h/d', null, [], new URL('mysql://h/d'), () => ({})])(
    'options may not be %o',
    (given) => {
      expect(refused(given)).toMatch(/^options: received .+; accepted: a plain object$/)
    },
  )
})

describe('contradictions', () => {
  const pass = async () => ({ password: 'x' })
  const contradictions: [object, object, string][] = [
    [
      { credentials: pass },
      { password: 'x' },
      'credentials: received a function beside connection.password; accepted: one of them',
    ],
    [{ tls: false }, { ssl: {} }, 'tls: received false beside connection.ssl; accepted: one of them'],
    [
      { tls: { ca: PEM } },
      { ssl: true },
      'tls: received an object beside connection.ssl; accepted: one of them',
    ],
    [
      { tls: { ca: PEM } },
      { ssl: false },
      'tls: received an object beside connection.ssl; accepted: one of them',
    ],
  ]
  test.each(contradictions)('%o with the connection %o', async (options, more, message) => {
    expect(refused({ ...options, connection: { ...connection, ...more } })).toBe(message)
    const later = { ...options, name: 'n', connection: async () => ({ ...connection, ...more }) }
    const ask = resolveOptions(later as PoolOptions, {}).connection as () => Promise<unknown>
    await expect(ask()).rejects.toThrow(message)
  })

  test('an empty password and an equal word on TLS are none', () => {
    resolveOptions({ connection: { ...connection, password: '' }, credentials: pass }, {})
    resolveOptions({ connection: { ...connection, ssl: false } as never, tls: false }, {})
  })

  test('a connection that is a function needs a name', () => {
    expect(refused({ connection: async () => connection })).toBe(
      'name: received nothing, while connection is a function; accepted: a name: the target is not known until the function has answered',
    )
  })

  test('what such a function gives is checked like any other', async () => {
    const source = (value: unknown) =>
      (
        resolveOptions({ name: 'n', connection: (async () => value) as never }, {})
          .connection as () => Promise<unknown>
      )()
    await expect(source('mysql://u@h/d')).resolves.toMatchObject({ host: 'h', user: 'u', database: 'd' })
    await expect(source(undefined)).rejects.toThrow(
      'connection(): received nothing; accepted: a mysql:// URL',
    )
    await expect(source({ hots: 'h' })).rejects.toThrow('connection().hots: received an option that')
  })
})

test('a refusal is an INVALID_OPTION that an error handler does not show', () => {
  const error = refusalOf(() => resolveOptions({ connectionLimit: 0 }, {}))
  expect(error).toMatchObject({ statusCode: 500, expose: false, retryable: false })
  expect(error.cause).toBeUndefined()
})
