import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { type Answer, ScriptedServer } from './support/scripted-server.ts'

// A server closes what is idle for longer than wait_timeout: MySQL says 4031 before that, MariaDB nothing.

const TOO_LATE = { errno: 4031, code: 'ER_CLIENT_INTERACTION_TIMEOUT', outcome: 'not-sent' }

describe('MySQL says 4031 and closes', () => {
  let server: ScriptedServer
  let pool: Pool
  let answer: (sql: string) => Answer
  beforeEach(async () => {
    vi.spyOn(console, 'error').mockImplementation(() => {}) // mysql2 wonders at the packet's number
    answer = () => 'ok'
    server = await ScriptedServer.start((sql) => answer(sql))
    pool = createPool({ connection: server.url, connectionLimit: 1, onLeak: 'ignore' })
    await pool.query('DO 1')
    server.heard.length = 0
  })
  afterEach(async () => {
    vi.restoreAllMocks()
    await pool.end({ timeout: 100 })
    await server[Symbol.asyncDispose]()
  })

  /** The statements that have reached the server, but for those that set up a session. */
  const heard = () => server.heard.filter((sql) => !sql.startsWith('SET '))

  const lateOnce = (late: string) => {
    answer = (sql) => {
      if (sql !== late)
        return sql === 'START TRANSACTION' || pool.stats().inUse ? 'ok, in a transaction' : 'ok'
      answer = () => 'ok'
      return 'idle for too long'
    }
  }

  test('to an idle connection: the next statement has another one, and no error', async () => {
    server.disconnectIdle()
    await vi.waitFor(() => expect(pool.stats().total).toBe(0))
    await pool.query('DO 2')
    expect(heard()).toEqual(['DO 2'])
  })

  test('to an idle connection, and nobody has looked since', async () => {
    await sleep(5) // in a later turn of the loop than the one in which it was last used
    server.disconnectIdle()
    await pool.query('DO 2')
    expect(heard()).toEqual(['DO 2'])
    expect(pool.stats().opened).toBe(2)
  })

  test.each<[what: string, run: () => Promise<unknown>]>([
    ['a query', () => pool.query('DO 2')],
    ['a stream', () => pool.stream('DO 2').toArray()],
    ['a held connection', () => pool.withConnection((connection) => connection.query('DO 2'))],
  ])('as the answer to a statement that was sent at the same moment: %s was not run', async (_, run) => {
    lateOnce('DO 2')
    await expect(run()).rejects.toMatchObject(TOO_LATE)
    await run()
    expect(heard()).toEqual(['DO 2', 'DO 2'])
    expect(pool.stats()).toMatchObject({ opened: 2, orphaned: 0 })
  })

  test('to a connection that is held and has been used: what is asked for next was not sent', async () => {
    const connection = await pool.getConnection()
    await connection.query('DO 1')
    server.disconnectIdle()
    await vi.waitFor(() => expect(pool.stats().closing + pool.stats().inUse).toBe(0))
    await expect(connection.query('DO 2')).rejects.toMatchObject({ outcome: 'not-sent' })
    connection.release()
    await pool.query('DO 3')
    expect(heard()).toEqual(['DO 1', 'DO 3'])
  })

  test('with statements queued behind: none of them was sent', async () => {
    lateOnce('DO 2')
    const connection = await pool.getConnection()
    const all = [2, 3, 4].map((number) => connection.query(`DO ${number}`))
    for (const one of all) await expect(one).rejects.toMatchObject(TOO_LATE)
    await expect(connection.query('DO 5')).rejects.toMatchObject(TOO_LATE)
    connection.release()
    expect(heard()).toEqual(['DO 2'])
    await pool.query('DO 6')
    expect(heard()).toEqual(['DO 2', 'DO 6'])
  })

  test.each(['START TRANSACTION', 'DO 2', 'COMMIT'])(
    'in a transaction, as the answer to %s: nothing is committed, and all may be made again',
    async (late) => {
      lateOnce(late)
      const work = () =>
        pool.transaction(async (tx) => {
          await tx.query('DO 2')
          await tx.query('DO 3')
        })
      await expect(work()).rejects.toMatchObject(TOO_LATE)
      const all = ['START TRANSACTION', 'DO 2', 'DO 3', 'COMMIT']
      const first = all.slice(0, all.indexOf(late) + 1)
      expect(heard()).toEqual(first)
      answer = (sql) => (sql === 'COMMIT' ? 'ok' : 'ok, in a transaction')
      await work()
      expect(heard()).toEqual([...first, ...all])
    },
  )

  test('in a transaction whose callback does not mind: it rejects all the same', async () => {
    lateOnce('DO 2')
    const work = pool.transaction(async (tx) => {
      await tx.query('DO 1')
      await tx.query('DO 2').catch(() => {})
      await tx.query('DO 3').catch(() => {})
    })
    await expect(work).rejects.toMatchObject({ outcome: 'not-sent' })
    expect(heard()).toEqual(['START TRANSACTION', 'DO 1', 'DO 2'])
  })
})

describe('MariaDB closes without a word', () => {
  const server = databaseForFile({ tls: false })
  const closed = () => vi.waitFor(async () => expect(await server.current.connections()).toEqual([]), 10_000)

  test('the next statement has another connection, and no error', async () => {
    await using pool = createPool({
      connection: server.current.url,
      connectionLimit: 2,
      session: { wait_timeout: 1 },
    })
    await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2')])
    await closed()
    expect((await pool.query('SELECT 3 AS three'))[0]).toEqual([{ three: 3 }])
    expect(pool.stats()).toMatchObject({ total: 1, opened: 3 })
  })
})
