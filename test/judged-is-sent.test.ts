import mysql from 'mysql2'
import driver from 'mysql2/promise'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Connection, createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { StandInProxy } from './support/stand-in-proxy/stand-in-proxy.ts'

const server = databaseForFile()
let proxy: StandInProxy
let opened = 0
beforeAll(async () => {
  proxy = await StandInProxy.before(server.current)
  await server.current.query('CREATE TABLE kept (v INT)')
})
afterAll(() => proxy[Symbol.asyncDispose]())
beforeEach(async () => {
  proxy.pinned.length = 0
  await server.current.query('DELETE FROM kept')
})

/** Through the stand-in, where what pins is refused. */
function strict(connection: object = {}): Pool {
  return createPool({
    name: `strict ${opened++}`,
    connection: { ...proxy.connection, ...connection },
    tls: { ca: proxy.ca },
    proxy: { pinning: 'refuse' },
  })
}

const LONG = 'x'.repeat(20_000)
const both = { sql: 'SET ?? = 1', values: ['auto_increment_increment'] }

/** Runs something while a statement ahead of it is in flight, and changes something in between. */
async function behind<T>(connection: Connection, ask: () => Promise<T>, change: () => void): Promise<T> {
  const ahead = connection.query('SELECT SLEEP(0.05)')
  const asked = ask()
  asked.catch(() => {})
  change()
  await ahead
  return asked
}

describe('what pins is judged as it is sent', () => {
  test.each<[what: string, run: (pool: Pool) => Promise<unknown>]>([
    ['query', (pool) => pool.query(both, ['sql_safe_updates'])],
    ['a connection', (pool) => pool.withConnection((one) => one.query(both, ['sql_safe_updates']))],
    ['stream', (pool) => pool.stream({ sql: 'SELECT ? AS v', values: ['short'] }, [LONG]).toArray()],
  ])('with values in both places, where those of the argument are sent: %s', async (_, run) => {
    await using pool = strict()
    await expect(run(pool)).rejects.toMatchObject({ code: 'PINNED' })
    expect(proxy.pinned).toEqual([])
  })

  test('with values, or a text, that change while it waits', async () => {
    await using pool = strict()
    await pool.withConnection(async (connection) => {
      const values = ['short']
      const asked = () => connection.query('SELECT LENGTH(?) AS v', values)
      const [rows] = await behind(connection, asked, () => (values[0] = LONG))
      expect(rows).toEqual([{ v: 5 }])
      const options = { sql: 'SELECT 1 AS v' }
      for (const method of ['query', 'execute'] as const) {
        options.sql = 'SELECT 1 AS v'
        const changed = () => (options.sql = 'SELECT @a := 2 AS v')
        expect((await behind(connection, () => connection[method](options), changed))[0]).toEqual([{ v: 1 }])
      }
    })
    expect(proxy.pinned).toEqual([])
  })

  test('with what a queryFormat makes of it, which does not get it twice', async () => {
    const queryFormat = (sql: string, values?: unknown[]) =>
      sql.replace('$1', String(values?.[0] ?? '@b := 1'))
    await using pool = strict({ queryFormat })
    await expect(pool.query('SELECT $1 AS v', ['@a := 1'])).rejects.toMatchObject({ code: 'PINNED' })
    await expect(pool.query('SELECT $1 AS v')).rejects.toMatchObject({ code: 'PINNED' })
    expect((await pool.query('SELECT $1 AS v', ["'$1'"]))[0]).toEqual([{ v: '$1' }])
    expect((await pool.execute("SELECT '$1' AS v, ? AS w", ['$1']))[0]).toEqual([{ v: '$1', w: '$1' }])
    expect(proxy.pinned).toEqual([])
  })

  test('with values that are something else when they are asked again', async () => {
    await using pool = strict()
    let asked = 0
    const value = { toSqlString: () => (asked++ === 0 ? '1' : '@a := 1') }
    await pool.query('SELECT ? AS v', [value] as never)
    expect([asked, proxy.pinned]).toEqual([1, []])
  })

  test('where one is refused, what waits behind it is not', async () => {
    await using pool = strict()
    const answers = await pool.withConnection((connection) =>
      Promise.allSettled(['SELECT 1', 'SET @a = 1', 'SELECT 2'].map((sql) => connection.query(sql))),
    )
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})

describe('a held connection', () => {
  async function stored(connection: Pick<Connection, 'query' | 'execute'>, method: 'query' | 'execute') {
    const row = [0]
    const all = [1, 2, 3, 4].map((value) => {
      row[0] = value
      return connection[method]('INSERT INTO kept VALUES (?)', row)
    })
    await Promise.all(all)
    const rows = await server.current.query('SELECT v FROM kept ORDER BY v')
    await server.current.query('DELETE FROM kept')
    return rows.map(({ v }) => v)
  }

  test('sends what the values were at the call, as one of mysql2 does', async () => {
    const plain = await driver.createConnection(server.current.url)
    const its = await stored(plain as never, 'query')
    await plain.end()
    expect(its).toEqual([1, 2, 3, 4])
    await using pool = createPool({ connection: server.current.url })
    expect(await pool.withConnection((connection) => stored(connection, 'query'))).toEqual(its)
  })

  test('is cleaned of what was sent, whatever the values have become', async () => {
    await using pool = createPool({ connection: server.current.url, connectionLimit: 1 })
    for (const [first, then] of [
      [mysql.raw('@left := 1'), 0],
      [0, mysql.raw('@left := 1')],
    ]) {
      await pool.withConnection(async (connection) => {
        const values = [first]
        await behind(
          connection,
          () => connection.query('SELECT ? AS v', values as never),
          () => (values[0] = then),
        )
      })
      expect((await pool.query('SELECT @left AS v'))[0]).toEqual([{ v: null }])
    }
  })
})
