import { beforeAll, describe, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { reasonToPin } from './support/stand-in-proxy/pinning.ts'
import { ask, connectTo, proxyForTest, serverConnection } from './support/stand-in-proxy/plain-client.ts'
import type { ProxyOptions } from './support/stand-in-proxy/stand-in-proxy.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query('CREATE TABLE notes (id INT PRIMARY KEY) ENGINE = InnoDB')
  await server.current.query('GRANT RELOAD ON *.* TO ?', [server.current.user])
})
const startProxy = (options?: ProxyOptions) => proxyForTest(server.current, options)

const PINS: [reason: string, sql: string][] = [
  ['prepared statement', 'PREPARE s FROM "SELECT 1"'],
  ['text over 16 KB', `SELECT 1 AS one, '${'x'.repeat(16_400)}' AS long_text`],
  ['table lock', 'LOCK TABLES notes READ'],
  ['table lock', 'FLUSH TABLES notes WITH READ LOCK'],
  ['named lock', 'SELECT GET_LOCK("l", 0)'],
  ['user variable', 'SET @x = 1'],
  ['user variable', 'SELECT @x := 1'],
  ['user variable', 'SELECT id INTO @x FROM notes LIMIT 1'],
  ['system variable', 'SET SESSION max_statement_time = 3'],
  ['system variable', 'SET time_zone = "+00:00", foreign_key_checks = 0'],
  ['temporary table', 'CREATE TEMPORARY TABLE mine (id INT)'],
  ['next transaction only', 'SET TRANSACTION READ ONLY'],
  ['next transaction only', 'SET @@tx_isolation = "SERIALIZABLE"'],
  ['executable comment', 'SELECT /*!40000 1 + */ 1'],
  ['executable comment', 'SELECT /*M! 1 + */ 1'],
  ['session tracking', 'SET session_track_transaction_info = "STATE"'],
  ['row count', 'SELECT ROW_COUNT()'],
  ['row count', 'SELECT FOUND_ROWS()'],
]

const HARMLESS = [
  'SELECT "SET @x = 1", \'GET_LOCK("l")\', `id` FROM notes -- LOCK TABLES notes\n',
  `SELECT 'a\\'@x', "b""@y", 'it''s @z' /* CREATE TEMPORARY TABLE */`,
  'SELECT /*+ SET_VAR(x) */ @@max_allowed_packet # SET @x = 1',
  `SELECT '${'x'.repeat(16_000)}'`,
  'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED',
  'SET NAMES utf8mb4, time_zone = "+00:00"',
  'START TRANSACTION',
  'SELECT LAST_INSERT_ID(), @x',
  'CREATE OR REPLACE VIEW counted AS SELECT FOUND_ROWS()',
]

describe('a client is pinned', () => {
  test.each(PINS)('by a %s: %s', async (reason, sql) => {
    const proxy = await startProxy({ maxConnections: 2 })
    const [one, other] = await Promise.all([connectTo(proxy), connectTo(proxy)])
    await one.query(sql)
    expect(proxy.pinned).toEqual([{ client: one.threadId, reason, sql: sql.slice(0, 200) }])
    if (reason === 'table lock') await one.query('UNLOCK TABLES')
    const own = await serverConnection(one)
    for (let time = 0; time < 3; time++) {
      expect(await serverConnection(other)).not.toBe(own)
      expect(await serverConnection(one)).toBe(own)
    }
  })

  test('by a prepared statement of the binary protocol', async () => {
    const proxy = await startProxy()
    const one = await connectTo(proxy)
    expect((await one.execute('SELECT ? AS one, ? AS two', [1, 'two']))[0]).toEqual([{ one: 1, two: 'two' }])
    one.unprepare('SELECT ? AS one, ? AS two')
    expect((await one.execute('SELECT 3 AS three'))[0]).toEqual([{ three: 3 }])
    expect(proxy.pinned).toMatchObject([{ reason: 'prepared statement' }])
  })

  test('until it goes, and nothing of it reaches the next', async () => {
    const proxy = await startProxy({ maxConnections: 1 })
    const one = await connectTo(proxy)
    await one.query('SET @x = 1')
    const own = await serverConnection(one)
    await one.end()
    const other = await connectTo(proxy)
    expect(await ask(other, 'SELECT @x')).toBeNull()
    expect(await serverConnection(other)).not.toBe(own)
    expect(proxy.servers.most).toBe(1)
  })

  test.each(HARMLESS)('not by %s', async (text) => {
    expect(reasonToPin({ name: 'QUERY', text, bytes: Buffer.byteLength(text) })).toBeUndefined()
    const proxy = await startProxy({ maxConnections: 1 })
    await (await connectTo(proxy)).query(text)
    expect(proxy.pinned).toEqual([])
  })
})

test('what AWS does not document is counted', async () => {
  const proxy = await startProxy()
  const one = await connectTo(proxy)
  await one.ping()
  await expect(one.query(`KILL ${await serverConnection(one)}`)).rejects.toMatchObject({ errno: 1095 })
  await expect(one.reset()).rejects.toMatchObject({ errno: 1047 })
  await expect(one.changeUser({})).rejects.toMatchObject({ errno: 1047 })
  expect(proxy.commands).toEqual({ PING: 1, QUERY: 1, KILL: 1, RESET: 1, CHANGE_USER: 1 })
})
