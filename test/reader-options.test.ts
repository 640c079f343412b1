import { describe, expect, test } from 'vitest'
import { iam, type PoolOptions } from '../src/index.ts'
import type { ConnectionSettings } from '../src/options/connection.ts'
import { resolveOptions, type Settings } from '../src/options.ts'
import { refusalOf } from './support/refusal.ts'

/** As much of it as is looked at before it is used. */
const PEM = '-----BEGIN CERTIFICATE-----'

const connection = {
  host: 'db',
  port: 3307,
  user: 'shop',
  password: 'secret',
  database: 'shop',
  timezone: 'Z',
}

function readerOf(options: PoolOptions): Settings | undefined {
  return resolveOptions({ connection, ...options }, {}).reader
}

function refused(options: object): string {
  return refusalOf(() => readerOf(options as PoolOptions)).message
}

describe('what a reader does not say is as the pool has it', () => {
  test.each<[string, PoolOptions['reader'], Partial<ConnectionSettings>]>([
    ['a host', { connection: { host: 'db-ro' } }, { host: 'db-ro' }],
    ['a URL', { connection: 'mysql://db-ro/other' }, { host: 'db-ro', database: 'other' }],
    ['a URL object', { connection: new URL('mysql://db-ro:3308') }, { host: 'db-ro', port: 3308 }],
    ['a user', { connection: { user: 'reader', password: 'other' } }, { user: 'reader', password: 'other' }],
  ])('but for %s', (_, reader, different) => {
    const { timezone, ...place } = connection
    expect(readerOf({ reader })?.connection).toEqual({ ...place, driver: { timezone }, ...different })
  })

  test('a host takes the place of a socket, and a socket that of a host', () => {
    const { host, ...rest } = connection
    const socketPath = '/run/mysqld.sock'
    const overSocket = resolveOptions(
      { connection: { ...rest, socketPath }, reader: { connection: { host } } },
      {},
    )
    expect(overSocket.reader?.connection).toMatchObject({ host })
    expect(overSocket.reader?.connection).not.toHaveProperty('socketPath')
    expect(readerOf({ reader: { connection: { socketPath } } })?.connection).toMatchObject({ socketPath })
  })

  test('but for the password, where the user is another', () => {
    const reader = readerOf({ reader: { connection: 'mysql://reader@db-ro' } })
    expect(reader?.connection).toMatchObject({ user: 'reader' })
    expect(reader?.connection).not.toHaveProperty('password')
  })

  test('but for its bound, which is small', () => {
    const reader = readerOf({
      connectionLimit: 50,
      idleTimeout: 5000,
      session: { time_zone: '+00:00' },
      onLeak: 'throw',
      reader: { connection: { host: 'db-ro' }, validateAfter: 7 },
    })
    expect(reader).toMatchObject({
      connectionLimit: 2,
      idleTimeout: 5000,
      validateAfter: 7,
      session: { time_zone: '+00:00' },
      onLeak: 'throw',
      reader: undefined,
    })
  })

  test('but for a name, which is made of the pool’s', () => {
    expect(readerOf({ name: 'shop', reader: { connection: { host: 'db-ro' } } })?.name).toBe('shop reader')
  })
})

describe('what it says goes before what the pool has', () => {
  test('credentials before a password', () => {
    const credentials = iam()
    const reader = readerOf({ reader: { connection: { host: 'db-ro' }, credentials } })
    expect(reader?.credentials).toBe(credentials)
    expect(reader?.connection).not.toHaveProperty('password')
  })

  test('a password before credentials', () => {
    const { password: _, ...rest } = connection
    const reader = readerOf({
      connection: rest,
      credentials: iam(),
      reader: { connection: { host: 'db-ro', password: 'other' } },
    })
    expect(reader).toMatchObject({ credentials: undefined, connection: { password: 'other' } })
  })

  test('tls before ssl, and ssl before tls', () => {
    const host = 'db-ro'
    const ssl = { ca: PEM }
    const own = readerOf({ connection: { ...connection, ssl }, reader: { connection: { host }, tls: false } })
    expect(own?.tls).toBe(false)
    expect(own?.connection).not.toHaveProperty('ssl')
    const other = readerOf({ tls: { ca: PEM }, reader: { connection: { host, ssl } } })
    expect(other).toMatchObject({ tls: 'auto', connection: { ssl } })
  })
})

test('where it would be where the pool is, as whom it is, the pool is its own reader', () => {
  expect(readerOf({ reader: { connection: { host: undefined } as object } })).toBeUndefined()
  expect(readerOf({ reader: { connection: 'mysql://db:3307' } })).toBeUndefined()
})

test.each([
  [{ reader: 'db-ro' }, 'reader: received a text of 5 characters; accepted: a plain object'],
  [
    { reader: { connectionLimit: 1 } },
    "reader.connection: received nothing; accepted: a URL or mysql2 connection options: what differs from the pool's connection, above all the host",
  ],
  [
    { reader: { connection: { host: 'db-ro' }, connectionLimit: 0 } },
    'reader.connectionLimit: received 0; accepted: a whole number from 1 to 1000',
  ],
  [
    { reader: { connection: { host: 'db-ro', port: 0 } } },
    'reader.connection.port: received 0; accepted: a whole number from 1 to 65535',
  ],
  [
    { reader: { host: 'db-ro' } },
    'reader.host: received an option of the connection; accepted: connection: { host }',
  ],
  [
    { reader: { connection: async () => 'mysql://db-ro' } },
    'name: received nothing, while reader.connection is a function; accepted: a name: the target is not known until the function has answered',
  ],
  [
    {
      reader: { connection: { host: 'db-ro', password: 'x' }, credentials: async () => ({ password: 'y' }) },
    },
    'reader.credentials: received a function beside connection.password; accepted: one of them',
  ],
])('%o is refused in one sentence', (options, message) => {
  expect(refused(options)).toBe(message)
})

test('what belongs to the pool alone is refused', () => {
  expect(refused({ reader: { connection: { host: 'db-ro' }, onLeak: 'throw' } })).toMatch(
    /^reader\.onLeak: received an option that does not exist; accepted: connection, connectionLimit, /,
  )
})
