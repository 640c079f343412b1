import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../src/index.ts'
import { resolveOptions } from '../src/options.ts'
import { refusalOf } from './support/refusal.ts'

const read = (connection: unknown) => resolveOptions({ connection } as PoolOptions, {}).connection
const refused = (connection: unknown) => refusalOf(() => read(connection)).message
const fromEnvironment = (env: NodeJS.ProcessEnv) => resolveOptions({}, env).connection

const FORM = 'accepted: mysql://user:password@host:port/database, with special characters percent-encoded'
const NASTY = 'p@ss:w/o#r?d%20"\''

describe('environment', () => {
  test.each<[NodeJS.ProcessEnv, object]>([
    [{ DB_HOST: 'h' }, { host: 'h', port: 3306 }],
    [
      { DB_HOST: 'h', DB_PORT: '3307', DB_USER: 'u', DB_PASSWORD: NASTY, DB_NAME: 'd' },
      { host: 'h', port: 3307, user: 'u', password: NASTY, database: 'd' },
    ],
    [
      { DB_HOST: 'h', DB_PORT: '', DB_USER: '', DB_PASSWORD: '', DB_NAME: '' },
      { host: 'h', port: 3306 },
    ],
    [
      { DATABASE_URL: 'mysql://u:p@url/d', DB_HOST: 'h', DB_PORT: 'x', DB_PASSWORD: 'other' },
      { host: 'url', port: 3306, user: 'u', password: 'p', database: 'd' },
    ],
    [
      { DATABASE_URL: '', DB_HOST: 'h' },
      { host: 'h', port: 3306 },
    ],
  ])('%o', (env, expected) => {
    expect(fromEnvironment(env)).toEqual({ ...expected, driver: {} })
  })

  test.each<[NodeJS.ProcessEnv, string]>([
    [
      {},
      'connection: received nothing, and neither DATABASE_URL nor DB_HOST is set; accepted: a mysql:// URL, mysql2 connection options, an async function giving either, or those variables',
    ],
    [
      { DB_USER: 'u', DB_NAME: 'd' },
      'connection: received nothing, and neither DATABASE_URL nor DB_HOST is set; accepted: a mysql:// URL, mysql2 connection options, an async function giving either, or those variables',
    ],
    [{ DB_HOST: 'h', DB_PORT: 'x' }, "DB_PORT: received 'x'; accepted: a whole number from 1 to 65535"],
    [{ DB_HOST: 'h', DB_PORT: '70000' }, 'DB_PORT: received 70000; accepted: a whole number from 1 to 65535'],
    [
      { DATABASE_URL: 'db.example' },
      `DATABASE_URL: received a text of 10 characters that is not a URL; ${FORM}`,
    ],
  ])('%o is refused', (env, message) => {
    expect(refusalOf(() => fromEnvironment(env)).message).toBe(message)
  })

  test('is not looked at when there is a connection', () => {
    expect(resolveOptions({ connection: 'mysql://h/d' }, { DATABASE_URL: 'x' }).connection).toMatchObject({
      host: 'h',
    })
  })
})

describe('URLs', () => {
  test.each<[url: string, expected: object]>([
    ['mysql://h', { host: 'h', port: 3306 }],
    ['mysql://h/', { host: 'h', port: 3306 }],
    ['mysql:///d', { host: 'localhost', port: 3306, database: 'd' }],
    ['MySQL://u@h:3307/d', { host: 'h', port: 3307, user: 'u', database: 'd' }],
    ['mysql2://h/d', { host: 'h', port: 3306, database: 'd' }],
    ['mariadb://h/d', { host: 'h', port: 3306, database: 'd' }],
    ['mysql://u:@h/d', { host: 'h', port: 3306, user: 'u', database: 'd' }],
    [
      `mysql://${encodeURIComponent('ü:@')}:${encodeURIComponent(NASTY)}@h/${encodeURIComponent('a/b ?')}`,
      { host: 'h', port: 3306, user: 'ü:@', password: NASTY, database: 'a/b ?' },
    ],
    ['mysql://u:p@ss@h/d', { host: 'h', port: 3306, user: 'u', password: 'p@ss', database: 'd' }],
    ['mysql://u:p:q;r@h/d', { host: 'h', port: 3306, user: 'u', password: 'p:q;r', database: 'd' }],
    ['mysql://[::1]:3307/d', { host: '::1', port: 3307, database: 'd' }],
    ['mysql://u@[2001:db8::7]', { host: '2001:db8::7', port: 3306, user: 'u' }],
    [
      'mysql://u:p@localhost/d?socketPath=%2Frun%2Fmy%20sql.sock',
      {
        host: 'localhost',
        port: 3306,
        socketPath: '/run/my sql.sock',
        user: 'u',
        password: 'p',
        database: 'd',
      },
    ],
    ['mysql://h/d?ssl=true', { host: 'h', port: 3306, database: 'd', ssl: true }],
    ['mysql://h/d?ssl=Amazon%20RDS', { host: 'h', port: 3306, database: 'd', ssl: 'Amazon RDS' }],
    [
      `mysql://h/d?ssl=${encodeURIComponent('{"ca":"pem"}')}`,
      { host: 'h', port: 3306, database: 'd', ssl: { ca: 'pem' } },
    ],
    ['mysql://h?database=2024&user=007', { host: 'h', port: 3306, database: '2024', user: '007' }],
    ['mysql://?host=h&port=3307', { host: 'h', port: 3307 }],
  ])('%s', (url, expected) => {
    expect(read(url)).toEqual({ ...expected, driver: {} })
    expect(read({ uri: url })).toEqual({ ...expected, driver: {} })
  })

  test('mysql2 options are in the query, as JSON or text', () => {
    const query = 'charset=utf8mb4_bin&dateStrings=%5B%22DATE%22%5D&decimalNumbers=true&timezone=%2B02:00'
    expect(read(`mysql://h/d?${query}`)).toMatchObject({
      driver: { charset: 'utf8mb4_bin', dateStrings: ['DATE'], decimalNumbers: true, timezone: '+02:00' },
    })
  })

  test('URL objects are URLs too', () => {
    expect(read(new URL('mysql://u:p%40@h:3307/d'))).toEqual(read('mysql://u:p%40@h:3307/d'))
  })

  test('a uri in an object gives way to what stands beside it', () => {
    const uri = 'mysql://u:p@h:3307/d?timezone=Z'
    const beside = { host: 'reader', password: undefined, database: 'other' }
    expect(read({ uri, ...beside })).toEqual({
      host: 'reader',
      port: 3307,
      user: 'u',
      password: 'p',
      database: 'other',
      driver: { timezone: 'Z' },
    })
  })

  test.each<[connection: unknown, message: string]>([
    ['', `connection: received an empty text that is not a URL; ${FORM}`],
    ['h', `connection: received a text of 1 characters that is not a URL; ${FORM}`],
    ['u:p@h/d', `connection: received a URL of another scheme; ${FORM}`],
    ['mysql:u:p@h/d', `connection: received a URL of another scheme; ${FORM}`],
    ['postgres://u:p@h/d', `connection: received a URL of another scheme; ${FORM}`],
    ['mysql://u:p@h:port/d', `connection: received a text of 20 characters that is not a URL; ${FORM}`],
    [
      'mysql://u:100%@h/d',
      'connection.password: received a percent sign that encodes nothing; accepted: percent-encoded text (% is %25)',
    ],
    // As written, these lead to a host that is a piece of the password.
    ['mysql://u:12/34@h/d', `connection: received a URL with a bare # or with an @ after the host; ${FORM}`],
    ['mysql://u:12?34@h/d', `connection: received a URL with a bare # or with an @ after the host; ${FORM}`],
    ['mysql://u:12#34@h/d', `connection: received a URL with a bare # or with an @ after the host; ${FORM}`],
    ['mysql://u@h/d?password=p', `connection.password: received a password in the query; ${FORM}`],
    ['mysql://u@h/d?user=v', 'connection.user: received two values; accepted: one'],
    ['mysql://h/d?timezone=Z&timezone=Z', 'connection.timezone: received two values; accepted: one'],
    ['mysql://h/d?uri=mysql://i/d', 'connection.uri: received a URL in a URL; accepted: one URL'],
    [
      'mysql://h/d?connectionLimit=5',
      'connection.connectionLimit: received an option that the pool decides itself; accepted: connectionLimit beside connection',
    ],
    [
      'mysql://h/d?Timezone=Z',
      'connection.Timezone: received an option that does not exist; accepted: timezone (mind the case)',
    ],
    ['mysql://h/d?socketPath=/s', 'connection: received both host and socketPath; accepted: one of them'],
    [{ uri: 5 }, 'connection.uri: received a number; accepted: a text'],
    [{ uri: 'h' }, `connection.uri: received a text of 1 characters that is not a URL; ${FORM}`],
  ])('%s is refused', (url, message) => {
    expect(refused(url)).toBe(message)
  })
})

describe('objects', () => {
  test('what is not ours is handed on untouched', () => {
    const typeCast = () => null
    expect(read({ user: 'u', password: '', port: '3307', typeCast, namedPlaceholders: false })).toEqual({
      host: 'localhost',
      port: 3307,
      user: 'u',
      driver: { typeCast, namedPlaceholders: false },
    })
  })

  test.each<[connection: unknown, message: string]>([
    [5, 'connection: received a number; accepted: a mysql:// URL, or an object of mysql2 connection options'],
    [
      [],
      'connection: received an array; accepted: a mysql:// URL, or an object of mysql2 connection options',
    ],
    [
      new Map(),
      'connection: received a Map object; accepted: a mysql:// URL, or an object of mysql2 connection options',
    ],
    [{ host: 5 }, 'connection.host: received a number; accepted: a text'],
    [{ user: '' }, 'connection.user: received an empty text; accepted: a text'],
    [{ password: 123456 }, 'connection.password: received a number; accepted: a text'],
    [{ database: null }, 'connection.database: received null; accepted: a text'],
    [{ charset: 45 }, 'connection.charset: received a number; accepted: a text'],
    [{ port: 0 }, 'connection.port: received 0; accepted: a whole number from 1 to 65535'],
    [{ port: 'db' }, "connection.port: received 'db'; accepted: a whole number from 1 to 65535"],
    [{ host: 'h', socketPath: '/s' }, 'connection: received both host and socketPath; accepted: one of them'],
  ])('%o is refused', (connection, message) => {
    expect(refused(connection)).toBe(message)
  })
})
