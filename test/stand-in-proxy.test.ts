import mysql, { type Connection } from 'mysql2/promise'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { iam } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import {
  ask,
  connectTo,
  eventually,
  proxyForTest,
  serverConnection,
} from './support/stand-in-proxy/plain-client.ts'
import type { ProxyOptions } from './support/stand-in-proxy/stand-in-proxy.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query('CREATE TABLE notes (id INT PRIMARY KEY) ENGINE = InnoDB')
  await server.current.query('GRANT SELECT ON mysql.* TO ?', [server.current.user])
})
const startProxy = (options?: ProxyOptions) => proxyForTest(server.current, options)

describe('the door of the stand-in', () => {
  test('is closed to a client without TLS', async () => {
    const proxy = await startProxy()
    const connecting = mysql.createConnection(proxy.connection)
    await expect(connecting).rejects.toMatchObject({ errno: 3159, sqlState: 'HY000' })
    expect(proxy.refused).toEqual([3159])
    await eventually(() => expect(proxy.clients).toBe(0))
  })

  test('opens to the password of the day alone', async () => {
    const proxy = await startProxy()
    await expect(connectTo(proxy, { password: 'wrong' })).rejects.toMatchObject({ errno: 1045 })
    const before = await connectTo(proxy)
    proxy.accounts.allow(server.current.user, 'rotated')
    await expect(connectTo(proxy)).rejects.toMatchObject({ errno: 1045, sqlState: '28000' })
    await connectTo(proxy, { password: 'rotated' })
    expect(await ask(before, 'SELECT 1')).toBe(1)
  })

  test('opens to a token that was signed for it', async () => {
    const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }
    vi.stubEnv('AWS_ACCESS_KEY_ID', keys.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey)
    onTestFinished(() => void vi.unstubAllEnvs())
    const proxy = await startProxy()
    proxy.accounts.allowTokens('signed', { ...keys, host: 'localhost', port: proxy.port })
    const tokenFor = async (hostname: string) =>
      iam({ region: keys.region })({ host: hostname, port: proxy.port, user: 'signed' } as never)
    const { password } = await tokenFor('localhost')
    expect(await ask(await connectTo(proxy, { user: 'signed', password }), 'SELECT 1')).toBe(1)
    const other = await tokenFor('other')
    await expect(connectTo(proxy, { user: 'signed', password: other.password })).rejects.toMatchObject({
      errno: 1045,
    })
    expect(proxy.accounts.verdicts).toEqual([{ user: 'signed' }, { user: 'signed', wrong: 'endpoint' }])
  })

  test('is closed when there are too many', async () => {
    const proxy = await startProxy({ maxClients: 1 })
    await connectTo(proxy)
    await expect(connectTo(proxy)).rejects.toMatchObject({
      errno: 1040,
      message: 'Number simultaneous connections exceeded (1)',
    })
  })

  test('offers no compression', async () => {
    const connection = await connectTo(await startProxy(), { compress: true })
    expect(await ask(connection, "SHOW STATUS LIKE 'Compression'")).toBe('Compression')
    expect((connection as unknown as { config: { compress: unknown } }).config.compress).toBeFalsy()
  })

  test('gives numbers of its own', async () => {
    const proxy = await startProxy()
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    expect(one.threadId).not.toBe(other.threadId)
    expect(await serverConnection(one)).toBeLessThan(Math.min(one.threadId, other.threadId))
  })
})

describe('clients share server connections', () => {
  test('for a statement each', async () => {
    const proxy = await startProxy({ maxConnections: 2 })
    const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(proxy)))
    await Promise.all(clients.map((client) => client.query('SELECT SLEEP(0.01)')))
    expect(await server.current.connections()).toHaveLength(2)
    expect(proxy.servers).toMatchObject({ total: 2, idle: 2, most: 2 })
  })

  test('for a whole transaction', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    await one.query('START TRANSACTION')
    let answered = false
    const waiting = other.query('SELECT 1').then(() => {
      answered = true
    })
    await one.query('INSERT INTO notes VALUES (1)')
    expect(await ask(one, 'SELECT COUNT(*) FROM notes')).toBe(1)
    expect(answered).toBe(false)
    await one.query('ROLLBACK')
    await waiting
    expect(await ask(other, 'SELECT COUNT(*) FROM notes')).toBe(0)
  })

  test('also when an error has ended the transaction', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    await one.query('START TRANSACTION')
    await expect(one.query('CREATE TABLE notes (id INT)')).rejects.toMatchObject({ errno: 1050 })
    expect(await ask(other, 'SELECT 1')).toBe(1)
  })

  test('and what a client leaves open is rolled back', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const one = await connectTo(proxy)
    await one.query('START TRANSACTION')
    await one.query('INSERT INTO notes VALUES (2)')
    one.destroy()
    const other = await connectTo(proxy)
    expect(await ask(other, 'SELECT COUNT(*) FROM notes')).toBe(0)
    expect(await ask(other, 'SELECT @@in_transaction')).toBe(0)
  })

  test.each([
    ['SET time_zone = "+05:00"', 'SELECT @@time_zone', '+05:00'],
    ['SET SESSION sql_mode = "ANSI_QUOTES"', 'SELECT @@sql_mode', 'ANSI_QUOTES'],
    ['SET NAMES latin1', 'SELECT @@character_set_results', 'latin1'],
    ['SET CHARACTER SET latin2', 'SELECT @@character_set_client', 'latin2'],
    ['SET SESSION TRANSACTION ISOLATION LEVEL SERIALIZABLE', 'SELECT @@tx_isolation', 'SERIALIZABLE'],
    ['SET SESSION TRANSACTION READ ONLY', 'SELECT @@tx_read_only', 1],
    ['SET autocommit = 0', 'SELECT @@autocommit', 0],
    ['SET @@session.wait_timeout = 77', 'SELECT @@wait_timeout', 77],
    ['USE mysql', 'SELECT DATABASE()', 'mysql'],
  ])('and each sees its own state: %s', async (change, question, own) => {
    const proxy = await startProxy({ maxConnections: 1 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    const before = await ask(other, question)
    await one.query(change)
    expect(await ask(other, question)).toBe(before)
    expect(await ask(one, question)).toBe(own)
    expect(await ask(other, question)).toBe(before)
    expect(before).not.toBe(own)
    expect(await serverConnection(one)).toBe(await serverConnection(other))
    expect(proxy.pinned).toEqual([])
  })

  test('also without a database, and with other flags of the protocol', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const one = await connectTo(proxy)
    const none = await connectTo(proxy, { database: undefined as never })
    const several = await connectTo(proxy, { multipleStatements: true })
    for (let round = 0; round < 2; round++) {
      expect(await ask(one, 'SELECT DATABASE()')).toBe(server.current.database)
      expect(await ask(none, 'SELECT DATABASE()')).toBeNull()
      expect((await several.query('SELECT 1; SELECT 2'))[0]).toHaveLength(2)
    }
    expect(proxy.servers.most).toBe(1)
  })
})

describe('limits', () => {
  test('a client that gets no server connection in time is told 9501, and goes on', async () => {
    const proxy = await startProxy({ maxConnections: 1, borrowTimeout: 50 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    await one.query('START TRANSACTION')
    await expect(other.query('SELECT 1')).rejects.toMatchObject({
      errno: 9501,
      sqlState: 'HY000',
      message: 'Timed-out waiting to acquire database connection',
    })
    await one.query('COMMIT')
    expect(await ask(other, 'SELECT 1')).toBe(1)
  })

  test('a login that takes a server connection is told it, too', async () => {
    const proxy = await startProxy({ maxConnections: 1, borrowTimeout: 50, borrowAtLogin: true })
    const one = await connectTo(proxy)
    await one.query('START TRANSACTION')
    await expect(connectTo(proxy)).rejects.toMatchObject({ errno: 9501 })
    expect(proxy.refused).toEqual([9501])
  })

  test.each([
    ['idle for too long', { idleClientTimeout: 150 }],
    ['too old', { clientLifetime: 150 }],
  ])('a client that is %s is closed, and its server connection stays', async (_, options) => {
    const proxy = await startProxy(options)
    const one = await connectTo(proxy)
    await one.query('SELECT SLEEP(0.2)') // not in the middle of it
    await eventually(() => expect(proxy.clients).toBe(0))
    expect(proxy.servers).toMatchObject({ total: 1, idle: 1 })
  })

  test('a client is not closed for its age inside a transaction', async () => {
    const proxy = await startProxy({ clientLifetime: 150 })
    const one = await connectTo(proxy)
    await one.query('START TRANSACTION')
    await one.query('SELECT SLEEP(0.2)')
    await one.query('SELECT 1')
    await one.query('COMMIT')
    await eventually(() => expect(proxy.clients).toBe(0))
  })

  test('a client whose server connection dies is closed; one that has none sees nothing of it', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    await ask(other, 'SELECT 1')
    await one.query('START TRANSACTION')
    await server.current.killConnections()
    await expect(one.query('SELECT 1')).rejects.toMatchObject({
      code: expect.stringMatching(/LOST|EPIPE|ECONNRESET/),
    })
    await eventually(() => expect(proxy.clients).toBe(1))
    expect(await ask(other, 'SELECT 1')).toBe(1)
    await server.current.killConnections()
    await eventually(() => expect(proxy.servers.total).toBe(0))
    expect(await ask(other, 'SELECT 1')).toBe(1)
  })
})

test('answers come as they were given', async () => {
  const proxy = await startProxy()
  const through = await connectTo(proxy, { multipleStatements: true })
  const { port, user, password, database } = server.current
  const direct = await mysql.createConnection({ port, user, password, database, multipleStatements: true })
  onTestFinished(() => direct.destroy())
  // Where no session is tracked mysql2 takes the length before `info` for a part of it.
  const withoutInfo = (key: string, value: unknown) => (key === 'info' ? undefined : value)
  const answer = (connection: Connection, sql: string) =>
    connection.query(sql).then(
      ([rows, fields]) => [
        JSON.stringify(rows, withoutInfo),
        JSON.stringify([fields].flat(2), ['name', 'columnType', 'characterSet', 'flags']),
      ],
      ({ errno, message, sqlState }) => ({ errno, message, sqlState }),
    )
  for (const sql of [
    'SELECT NULL, 1, "x", 1.50, NOW() > 0, JSON_OBJECT("a", 1)',
    `SELECT REPEAT('ü', 300000) AS wide, seq FROM seq_1_to_20`,
    'SELECT 1; DO 0; SELECT 2 WHERE FALSE; SELECT no_such_column; SELECT 3',
    'INSERT INTO notes VALUES (900), (901); DELETE FROM notes WHERE id >= 900',
    'SELECT * FROM nowhere',
    'SHOW TABLES',
    'SELECT',
  ]) {
    expect(await answer(through, sql), sql).toEqual(await answer(direct, sql))
  }
})
