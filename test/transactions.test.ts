import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool, type PoolOptions, type Transaction } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
const pools: Pool[] = []
let proxy: TcpProxy
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE t (id INT PRIMARY KEY, connection INT)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  proxy = await TcpProxy.to(server.current)
  open({ connectionLimit: 1 })
})
afterEach(async () => {
  await Promise.all(pools.splice(0).map((opened) => opened.end({ timeout: 100 })))
  await proxy[Symbol.asyncDispose]()
})

function open(options: PoolOptions): void {
  pool = createPool({ connection: proxy.url(server.current.url), onLeak: 'ignore', ...options })
  pools.push(pool)
}

const insert = (on: Pick<Transaction, 'query'>, id: number) =>
  on.query('INSERT INTO t VALUES (?, CONNECTION_ID())', [id])
const ids = async () => (await server.current.query('SELECT id FROM t ORDER BY id')).map(({ id }) => id)
const thread = async (on: Pick<Transaction, 'query'>) =>
  (await on.query('SELECT CONNECTION_ID() AS id'))[0][0]?.id as number
/** What has been sent since the connection was set up. */
const sent = () => proxy.commands.slice(1).map(({ text }) => text)

describe('commits when its callback returns, rolls back when it throws, and nothing else', () => {
  test('a return commits, and gives what the callback gives', async () => {
    const given = await pool.transaction(async (tx) => {
      await insert(tx, 1)
      return 'done'
    })
    expect(given).toBe('done')
    expect(await ids()).toEqual([1])
    expect(sent()).toEqual(['START TRANSACTION', expect.stringContaining('INSERT'), 'COMMIT'])
  })

  const throwing: Record<string, (tx: Transaction) => Promise<unknown>> = {
    'an awaited rejection': async (tx) => {
      await insert(tx, 1)
      throw 'sold out'
    },
    'a throw before the first await': (tx) => {
      void insert(tx, 1)
      throw 'sold out'
    },
    'a rejection while a statement runs': async (tx) => {
      void insert(tx, 1)
      throw 'sold out'
    },
  }
  test.each(Object.entries(throwing))('rolls back after %s, and keeps the connection', async (_, work) => {
    await expect(pool.transaction(work)).rejects.toBe('sold out')
    expect(await ids()).toEqual([])
    expect(sent().filter((text) => !text?.includes('INSERT'))).toEqual(['START TRANSACTION', 'ROLLBACK'])
    await pool.transaction((tx) => insert(tx, 2))
    expect(await ids()).toEqual([2])
    expect(pool.stats().opened).toBe(1)
  })

  test('even what is thrown is nothing', async () => {
    const nothing = pool.transaction(async (tx) => {
      await insert(tx, 1)
      throw undefined
    })
    await expect(nothing).rejects.toBeUndefined()
    expect(await ids()).toEqual([])
  })

  test('a statement that was not awaited is part of it', async () => {
    await pool.transaction(async (tx) => {
      for (const id of [1, 2, 3]) void insert(tx, id)
    })
    expect(await ids()).toEqual([1, 2, 3])
  })

  test('a transaction offers no other end', () =>
    pool.transaction(async (tx) => {
      for (const name of ['commit', 'rollback', 'release', 'destroy', 'end', 'beginTransaction'])
        expect(name in tx, name).toBe(false)
    }))
})

describe("nobody else's statement enters it", () => {
  test('a query beside it runs on another connection, outside it', async () => {
    open({ name: 'two', connectionLimit: 2 })
    const refused = pool.transaction(async (tx) => {
      await insert(tx, 1)
      const [own, others] = [await thread(tx), await Promise.all([thread(pool), thread(pool)])]
      expect(others).not.toContain(own)
      await insert(pool, 2)
      throw new Error('sold out')
    })
    await expect(refused).rejects.toThrow('sold out')
    expect(await ids()).toEqual([2])
  })

  test.each([
    ['ACQUIRE_TIMEOUT', 200, 3000],
    ['DEADLINE_EXCEEDED', 10_000, 400],
  ])('where there is no other, it is refused, and told why: %s', async (code, acquireTimeout, time) => {
    open({ name: code, connectionLimit: 1, acquireTimeout })
    const invoke = pool.wrap((_event: object, _context: object) =>
      pool.transaction(async (tx) => {
        await insert(tx, 1)
        await insert(pool, 2)
      }),
    )
    const refused = invoke({}, contextFor(time))
    await expect(refused).rejects.toMatchObject({ code, outcome: 'not-sent' })
    await expect(refused).rejects.toThrow('use its tx, or raise connectionLimit')
    expect(await ids()).toEqual([])
  })

  test('with many callers on few connections', async () => {
    open({ name: 'few', connectionLimit: 2 })
    const transact = (from: number, fails: boolean) =>
      pool.transaction(async (tx) => {
        const own = await thread(tx)
        for (const id of [from, from + 1]) await insert(tx, id)
        const [rows] = await tx.query('SELECT DISTINCT connection FROM t WHERE id IN (?)', [[from, from + 1]])
        expect(rows).toEqual([{ connection: own }])
        if (fails) throw new Error('sold out')
      })
    const starts = Array.from({ length: 30 }, (_, i) => 3 * i)
    await Promise.allSettled(starts.flatMap((id) => [transact(id, id % 2 > 0), insert(pool, id + 2)]))
    const kept = starts.flatMap((id) => (id % 2 > 0 ? [id + 2] : [id, id + 1, id + 2]))
    expect(await ids()).toEqual(kept)
  })
})

describe('within its bounds', () => {
  test.each<[string, () => object, string]>([
    ['a timeout', () => ({ timeout: 300 }), 'DEADLINE_EXCEEDED'],
    ['a signal', () => ({ signal: AbortSignal.timeout(300) }), 'ABORTED'],
  ])('%s stops what runs, on the server too, and undoes the rest', async (_, bounds, code) => {
    const stopped = pool.transaction(async (tx) => {
      await insert(tx, 1)
      await tx.query('SELECT SLEEP(20)').catch(() => {})
    }, bounds())
    await expect(stopped).rejects.toMatchObject({ code })
    const running = async () =>
      (await server.current.connections()).filter(({ INFO }) => INFO?.includes('SLEEP'))
    await expect.poll(running).toEqual([])
    expect(await ids()).toEqual([])
    await pool.transaction((tx) => insert(tx, 2))
    expect(await ids()).toEqual([2])
  })

  test('waiting for a connection counts', async () => {
    const held = await pool.getConnection()
    const ran: string[] = []
    const waiting = pool.transaction(async () => ran.push('it'), { timeout: 100 })
    await expect(waiting).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
    held.release()
    await pool.query('DO 1')
    expect(ran).toEqual([])
  })

  test('a signal that has aborted already starts nothing', async () => {
    const refused = pool.transaction((tx) => insert(tx, 1), { signal: AbortSignal.abort() })
    await expect(refused).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-sent' })
    expect(proxy.commands).toEqual([])
  })

  test('what goes on after its time reaches the server no more', async () => {
    const late = pool.transaction(
      async (tx) => {
        await insert(tx, 1)
        await sleep(300)
        await insert(tx, 2)
      },
      { timeout: 100 },
    )
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await ids()).toEqual([])
    expect(sent()).toHaveLength(2)
  })
})
