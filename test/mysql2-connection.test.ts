import type { PoolConnection as CallbackConnection } from 'mysql2'
import { createPool as createMysqlPool, type Pool as MysqlPool, type RowDataPacket } from 'mysql2/promise'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query('CREATE TABLE things (id INT PRIMARY KEY)')
  await server.current.query("CREATE USER other@'%' IDENTIFIED BY 'other password'")
})

async function scalar(on: Pick<MysqlPool, 'query'>, expression: string): Promise<unknown> {
  const [[row]] = await on.query<RowDataPacket[]>(`SELECT ${expression} AS value`)
  return row?.value
}

/** What users of mysql2 rely on: that it holds for mysql2's own pool shows that it is not of our making. */
describe.each([
  ['mysql2', () => createMysqlPool({ uri: server.current.url, connectionLimit: 1 })],
  ['warmpool', () => createPool({ connection: server.current.url, connectionLimit: 1 })],
])('a connection of %s', (_, open) => {
  let pool: MysqlPool
  beforeEach(() => {
    pool = open()
  })
  afterEach(async () => {
    await pool.end()
    await server.current.query('DELETE FROM things')
  })

  test('knows its thread and where it leads', async () => {
    const connection = await pool.getConnection()
    expect(connection.threadId).toBe(await scalar(connection, 'CONNECTION_ID()'))
    const { host, port, user, database } = server.current
    expect(connection.config).toMatchObject({ host, port, user, database })
    expect(connection.connection.config).toMatchObject({ host, port, user, database })
    expect(connection.connection.threadId).toBe(connection.threadId)
    connection.release()
  })

  test('commits and rolls back', async () => {
    const connection = await pool.getConnection()
    for (const [id, end] of [
      [1, 'commit'],
      [2, 'rollback'],
    ] as const) {
      await connection.beginTransaction()
      await connection.query('INSERT INTO things VALUES (?)', [id])
      await connection[end]()
    }
    expect((await connection.query('SELECT id FROM things'))[0]).toEqual([{ id: 1 }])
    connection.release()
  })

  test('is there: connect() and ping() resolve', async () => {
    const connection = await pool.getConnection()
    await connection.connect()
    await connection.ping()
    connection.release()
  })

  test('resets its session', async () => {
    const connection = await pool.getConnection()
    await connection.query('SET @mine = 1')
    await connection.reset()
    expect(await scalar(connection, '@mine')).toBeNull()
    connection.release()
  })

  test('changes its user', async () => {
    const connection = await pool.getConnection()
    await connection.changeUser({ user: 'other', password: 'other password', database: 'information_schema' })
    expect(await scalar(connection, 'CURRENT_USER()')).toBe('other@%')
    expect(await scalar(connection, 'DATABASE()')).toBe('information_schema')
    connection.destroy()
  })

  test('prepares statements by hand', async () => {
    const connection = await pool.getConnection()
    const statement = await connection.prepare('SELECT ? + 1 AS next')
    expect((await statement.execute([1]))[0]).toEqual([{ next: 2 }])
    expect((await statement.execute([2]))[0]).toEqual([{ next: 3 }])
    await statement.close()
    const [[closed]] = await connection.query<RowDataPacket[]>("SHOW SESSION STATUS LIKE 'Com_stmt_close'")
    expect(closed?.Value).toBe('1')
    connection.unprepare('SELECT ? + 1 AS next')
    await expect(connection.prepare('SELEC')).rejects.toMatchObject({ code: 'ER_PARSE_ERROR' })
    connection.release()
  })

  test('streams', async () => {
    const connection = await pool.getConnection()
    const inside = connection.connection as unknown as CallbackConnection // whatever its type says
    const rows = await inside.query('SELECT seq FROM seq_1_to_3').stream().toArray()
    expect(rows).toEqual([{ seq: 1 }, { seq: 2 }, { seq: 3 }])
    connection.release()
  })

  test('is given back by release(), twice too, by releaseConnection() and by the end of a scope', async () => {
    const threads = new Set<unknown>()
    const released = await pool.getConnection()
    threads.add(released.threadId)
    released.release()
    released.release()
    pool.releaseConnection(await pool.getConnection())
    {
      await using scoped = await pool.getConnection()
      threads.add(scoped.threadId)
    }
    threads.add(await scalar(pool, 'CONNECTION_ID()'))
    expect(threads.size).toBe(1)
  })

  test('makes room for another one when it is destroyed', async () => {
    const destroyed = await pool.getConnection()
    const { threadId } = destroyed
    destroyed.destroy()
    await expect(destroyed.query('SELECT 1')).rejects.toThrow()
    expect(await scalar(pool, 'CONNECTION_ID()')).not.toBe(threadId)
  })
})

describe('unlike with mysql2, a connection that was given back', () => {
  let pool: Pool
  beforeEach(() => {
    pool = createPool({ connection: server.current.url, connectionLimit: 1 })
  })
  afterEach(() => pool.end())

  test('can no longer be used, but cleaning up after it does no harm', async () => {
    const connection = await pool.getConnection()
    const statement = await connection.prepare('SELECT 1')
    connection.release()
    const over = { code: 'CONNECTION_RELEASED', outcome: 'not-sent' }
    await expect(connection.query('SELECT 1')).rejects.toMatchObject(over)
    await expect(connection.execute('SELECT 1')).rejects.toMatchObject(over)
    await expect(connection.commit()).rejects.toMatchObject(over)
    await expect(connection.ping()).rejects.toMatchObject(over)
    await expect(statement.execute([])).rejects.toMatchObject(over)
    await expect(connection.stream('SELECT 1').toArray()).rejects.toMatchObject(over)
    await connection.rollback()
    await statement.close()
    await connection.end()
    connection.destroy()
    expect(connection.threadId).toBe(0)
    expect(connection.state).toBe('disconnected')
    expect(pool.stats()).toMatchObject({ idle: 1, opened: 1 })
  })

  test('has the pool’s own user, database and session again for the next', async () => {
    const connection = await pool.getConnection()
    await connection.changeUser({ user: 'other', password: 'other password', database: 'information_schema' })
    connection.release()
    expect(await scalar(pool, 'CURRENT_USER()')).toBe('warmpool@%')
    expect(await scalar(pool, 'DATABASE()')).toBe('warmpool')
  })

  test('leaves nothing in the way of the next: a statement closed by hand, a stream not read to its end', async () => {
    const first = await pool.getConnection()
    await (await first.prepare('SELECT ? AS one')).close()
    first.release()
    expect((await pool.execute('SELECT ? AS one', [1]))[0]).toEqual([{ one: 1 }])

    const second = await pool.getConnection()
    const stream = second.stream('SELECT seq FROM seq_1_to_10000')
    await new Promise((resolve) => stream.once('readable', resolve))
    second.release()
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
    expect(pool.stats().opened).toBe(1)
  })
})
