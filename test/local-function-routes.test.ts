import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sessionOf } from '../local/src/function/greeting.ts'
import { canBeRouted, routed } from '../local/src/function/route.ts'

const database = { host: '127.0.0.1', port: 3307, url: 'mysql://shop:p%40ss@127.0.0.1:3307/shop?ssl=true' }

describe('a function is led to its database by way of port 4000', () => {
  test.each([
    [
      'in DATABASE_URL where nothing names it',
      {},
      { DATABASE_URL: 'mysql://shop:p%40ss@127.0.0.1:4000/shop?ssl=true' },
    ],
    [
      'in DATABASE_URL',
      { DATABASE_URL: database.url },
      { DATABASE_URL: 'mysql://shop:p%40ss@127.0.0.1:4000/shop?ssl=true' },
    ],
    [
      'in a URL of any name',
      { READER: 'mysql://a:b@localhost:3307/c' },
      { READER: 'mysql://a:b@localhost:4000/c' },
    ],
    [
      'by host and port',
      { DB_HOST: '127.0.0.1', DB_PORT: '3307' },
      { DB_HOST: '127.0.0.1', DB_PORT: '4000' },
    ],
    [
      'by a host whose certificate is checked',
      { DB_HOST: 'localhost', DB_PORT: '3307' },
      { DB_HOST: 'localhost', DB_PORT: '4000' },
    ],
    [
      'by a host of any name',
      { MYSQL_HOSTNAME: '::1', MYSQL_PORT: '3307' },
      { MYSQL_HOSTNAME: '127.0.0.1', MYSQL_PORT: '4000' },
    ],
  ])('%s', (_where, env, led) => {
    const others = { STAGE: 'dev', API_HOST: 'example.com', API_URL: 'https://localhost:3307/' }
    expect(routed({ ...others, ...env }, database, 4000)).toEqual({ ...others, ...led })
  })

  test.each([
    ['another server’s URL', { DATABASE_URL: 'mysql://a:b@127.0.0.1:3308/c' }],
    ['another server’s host', { DATABASE_URL: 'mysql://a:b@db.example.com/c', DB_HOST: 'db.example.com' }],
  ])('but %s is left alone', (_what, env) => {
    expect(routed(env, database, 4000)).toEqual(env)
  })

  test('where a port is not named it is 3306', () => {
    const usual = { ...database, port: 3306, url: 'mysql://shop@127.0.0.1/shop' }
    expect(routed({ DB_HOST: 'localhost' }, usual, 4000)).toEqual({ DB_HOST: 'localhost', DB_PORT: '4000' })
    expect(routed({ URL: 'mysql://a@localhost/c' }, usual, 4000)).toEqual({
      URL: 'mysql://a@localhost:4000/c',
    })
  })
})

test('a host that TLS is switched on for by its name is reached directly', () => {
  const hosts = [
    'shop.cluster-abc.eu-west-1.rds.amazonaws.com',
    'shop.proxy-abc.eu-west-1.rds.amazonaws.com',
    'db',
  ]
  expect(hosts.map((host) => canBeRouted({ host, port: 3306 }))).toEqual([false, false, true])
})

describe('the session’s number', () => {
  const session = Buffer.alloc(4)
  session.writeUInt32LE(70_000)
  const greeting = Buffer.concat([
    Buffer.from('J\0\0\0\n10.11.19-MariaDB\0', 'latin1'),
    session,
    Buffer.from('salt'),
  ])
  const needed = greeting.length - 'salt'.length

  test('is read as soon as it is there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: greeting.length }), (length) => {
        expect(sessionOf(greeting.subarray(0, length))).toBe(length < needed ? undefined : 70_000)
      }),
    )
  })

  test('is not there where the server has too many connections', () => {
    expect(sessionOf(Buffer.from('\x17\0\0\0\xff\x10\x04Too many connections', 'latin1'))).toBe('refused')
  })
})
