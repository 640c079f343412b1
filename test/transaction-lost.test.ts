import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool, type Transaction } from '../src/index.ts'
import { openByProxy } from './support/by-proxy.ts'
import { databaseForFile } from './support/database.ts'
import { ScriptedServer } from './support/scripted-server.ts'
import type { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE t (id INT PRIMARY KEY, connection INT)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  const opened = await openByProxy(server.current, { connectionLimit: 1 })
  ;({ proxy, pool } = opened)
  return opened.close
})

const insert = (on: Pick<Transaction, 'query'>, id: number) =>
  on.query('INSERT INTO t VALUES (?, CONNECTION_ID())', [id])
const ids = async () => (await server.current.query('SELECT id FROM t ORDER BY id')).map(({ id }) => id)
const thread = async (on: Pick<Transaction, 'query'>) =>
  (await on.query('SELECT CONNECTION_ID() AS id'))[0][0]?.id as number

describe('when the connection is lost', () => {
  const COMMIT = Buffer.byteLength('....\x03COMMIT')

  test('during COMMIT, what became of it is unknown, and it is not run again', async () => {
    let ran = 0
    const lost = pool.transaction(
      async (tx) => {
        ran++
        await insert(tx, 1)
        void proxy.cutAfter(COMMIT, 'toServer', 'RST')
      },
      { retries: 3 },
    )
    const error = await lost.catch((error) => error)
    expect(error).toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown', retryable: false })
    expect(error.cause).toMatchObject({ fatal: true, code: expect.stringMatching(/ECONN|PROTOCOL/) })
    expect(ran).toBe(1)
  })

  test('with the answer to COMMIT, it is unknown although it is done', async () => {
    const lost = pool.transaction(async (tx) => {
      await insert(tx, 1)
      proxy.toClient.hold()
    })
    lost.catch(() => {})
    await expect.poll(ids).toEqual([1])
    proxy.cut()
    await expect(lost).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN', outcome: 'unknown' })
    proxy.toClient.letGo()
  })

  test('with the answer to COMMIT held until its time is up, it says so and that it is unknown', async () => {
    const lost = pool.transaction(
      async (tx) => {
        await insert(tx, 1)
        proxy.toClient.hold()
      },
      { timeout: 300 },
    )
    await expect(lost).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'unknown' })
    expect(await ids()).toEqual([1])
    proxy.toClient.letGo()
  })

  test.each([0, COMMIT - 1])('before COMMIT has passed (%i bytes of it), nothing is done', async (bytes) => {
    const lost = pool.transaction(async (tx) => {
      await insert(tx, 1)
      void proxy.cutAfter(bytes, 'toServer', 'RST')
    })
    await expect(lost).rejects.toMatchObject({ code: 'COMMIT_UNKNOWN' })
    await expect.poll(() => server.current.connections()).toEqual([])
    expect(await ids()).toEqual([])
  })

  test('before its end, also when the callback swallowed that, it is not committed and known not to be', async () => {
    const lost = pool.transaction(async (tx) => {
      await insert(tx, 1)
      await server.current.killConnections()
      await insert(tx, 2).catch(() => {})
    })
    await expect(lost).rejects.toMatchObject({ outcome: 'not-sent' })
    expect(await ids()).toEqual([])
  })

  test.each<[string, () => void]>([
    ['cut', () => void proxy.cutAfter(1, 'toServer', 'RST')],
    ['without an answer', () => proxy.toServer.hold()],
  ])('during ROLLBACK (%s), it is not used again, and the callback’s error stays', async (_, harm) => {
    let before = 0
    const failed = pool.transaction(async (tx) => {
      before = await thread(tx)
      await insert(tx, 1)
      harm()
      throw new Error('sold out')
    })
    await expect(failed).rejects.toThrow('sold out')
    proxy.toServer.letGo()
    expect(await pool.transaction(thread)).not.toBe(before)
    await expect.poll(ids).toEqual([])
    expect(pool.stats().total).toBe(1)
  })

  test('a ROLLBACK that the server refuses costs the connection', async () => {
    await using scripted = await ScriptedServer.start((sql) => {
      if (sql === 'ROLLBACK') return { code: 1105, message: 'not now' }
      return sql.startsWith('START') ? 'ok, in a transaction' : 'ok'
    })
    const other = createPool({ connection: scripted.url, connectionLimit: 1 })
    await expect(other.transaction(() => Promise.reject('sold out'))).rejects.toBe('sold out')
    await other.query('DO 1')
    expect(scripted.heard.slice(-4)).toEqual(['START TRANSACTION', 'ROLLBACK', expect.any(String), 'DO 1'])
    expect(other.stats().opened).toBe(2)
    await other.end({ timeout: 100 })
  })
})
