import middy from '@middy/core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import mysqlPool, { createPool, type Pool, type Transaction } from '../src/index.ts'
import { add, addAndFail, added, type Runs, soldOut, swallow } from './support/adding.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { Rival } from './support/rival.ts'
import type { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let rival: Rival
let proxy: TcpProxy
let pool: Pool

beforeAll(async () => {
  await server.current.query('CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(10))')
  rival = await Rival.to(server.current)
})
afterAll(() => rival[Symbol.asyncDispose]())
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  await server.current.query("INSERT INTO t VALUES (1, 'one'), (2, 'two')")
  const opened = await openByProxy(server.current, { connectionLimit: 2 })
  ;({ proxy, pool } = opened)
  return opened.close
})

const kept = () => added(server.current)
const thread = async (on: Runs) => (await on.query('SELECT CONNECTION_ID() AS id'))[0][0]?.id
const sent = () => proxy.commands.slice(1).map(({ text }) => text)

describe('what is nested is undone by itself, or with what is around it', () => {
  test('an inner one throws: only that is undone', async () => {
    await pool.transaction(async (tx) => {
      await add(tx, 10)
      await expect(tx.transaction(addAndFail(11))).rejects.toThrow('sold out')
      await add(tx, 12)
      expect(await tx.transaction(async (part) => (await add(part, 13)) && 'given')).toBe('given')
    })
    expect(await kept()).toEqual([10, 12, 13])
    expect(pool.stats().opened).toBe(1)
  })

  test('each costs two commands, and the connection is clean after it', async () => {
    await pool.transaction(async (tx) => {
      await tx.transaction(async () => {})
      await tx.transaction(soldOut).catch(swallow)
    })
    await pool.query('DO 1')
    expect(sent().map((text) => text?.replace(/ warmpool_\d$/, ''))).toEqual([
      'START TRANSACTION',
      'SAVEPOINT',
      'RELEASE SAVEPOINT',
      'SAVEPOINT',
      'ROLLBACK TO SAVEPOINT',
      'COMMIT',
      'DO 1',
    ])
  })

  test('an inner one throws before its first await', async () => {
    await pool.transaction(async (tx) => {
      const failed = tx.transaction((part) => {
        void add(part, 11)
        throw new Error('sold out')
      })
      await expect(failed).rejects.toThrow('sold out')
      await add(tx, 12)
    })
    expect(await kept()).toEqual([12])
  })

  test('an outer one throws: all is undone', async () => {
    const failed = pool.transaction(async (tx) => {
      await tx.transaction((part) => add(part, 10))
      await soldOut()
    })
    await expect(failed).rejects.toThrow('sold out')
    expect(await kept()).toEqual([])
  })

  test('in three levels', async () => {
    await pool.transaction(async (tx) => {
      await add(tx, 10)
      const middle = tx.transaction(async (part) => {
        await add(part, 20)
        await part.transaction((inner) => add(inner, 30))
        await part.transaction(addAndFail(31)).catch(swallow)
        await add(part, 21)
      })
      await middle
      const failed = tx.transaction(async (part) => {
        await add(part, 22)
        await part.transaction((inner) => add(inner, 32))
        await soldOut()
      })
      await failed.catch(swallow)
    })
    expect(await kept()).toEqual([10, 20, 21, 30])
  })

  test('what cannot be undone by itself is undone with the whole, whatever the callback swallows', async () => {
    const lost = pool.transaction(async (tx) => {
      await add(tx, 10)
      const failed = tx.transaction(async (part) => {
        await part.query(
          sent()
            .findLast((text) => text?.startsWith('SAVEPOINT'))
            ?.replace(/^/, 'RELEASE ') ?? '',
        )
        await addAndFail(11)(part)
      })
      await expect(failed).rejects.toThrow('sold out')
      await add(tx, 12)
    })
    await expect(lost).rejects.toMatchObject({
      code: 'TRANSACTION_LOST',
      outcome: 'not-sent',
      cause: { errno: 1305 },
    })
    expect(await kept()).toEqual([])
  })

  test('a deadlock undoes the whole, whatever the callback swallows', async () => {
    const lost = pool.transaction(async (tx) => {
      await add(tx, 10)
      await expect(tx.transaction((part) => rival.collideWith(part))).rejects.toMatchObject({ errno: 1213 })
      await expect(add(tx, 11)).rejects.toMatchObject({ code: 'TRANSACTION_LOST' })
    })
    await expect(lost).rejects.toMatchObject({ code: 'TRANSACTION_LOST', cause: { errno: 1213 } })
    expect(await kept()).toEqual([])
  })
})

describe('what is called from within a nested one is part of it', () => {
  test("the outer's tx", async () => {
    await pool.transaction(async (tx) => {
      await tx.transaction(() => addAndFail(10)(tx)).catch(swallow)
      await tx.transaction(() => tx.transaction(() => add(tx, 11)))
    })
    expect(await kept()).toEqual([11])
  })

  test("the outer's tx, beside one that is nested in it: it waits", async () => {
    await pool.transaction((tx) =>
      tx.transaction(async (part) => {
        const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
        const failed = part.transaction(async (inner) => {
          await add(inner, 10)
          begun.resolve()
          await gate.promise
          await soldOut()
        })
        await begun.promise
        const beside = [add(tx, 11), add(part, 12)]
        gate.resolve()
        await expect(failed).rejects.toThrow('sold out')
        await Promise.all(beside)
      }),
    )
    expect(await kept()).toEqual([11, 12])
  })

  test.each<[string, (work: (part: Transaction) => Promise<unknown>) => Promise<unknown>]>([
    ['pool.transaction()', (work) => pool.transaction(work)],
    [
      'transaction() of another handle on the pool',
      async (work) => {
        await using other = createPool({
          connection: proxy.url(server.current.url),
          connectionLimit: 2,
          onLeak: 'ignore',
        })
        return await other.transaction(work)
      },
    ],
  ])('%s', async (_, nest) => {
    await pool.transaction(async (tx) => {
      const own = await thread(tx)
      await nest(async (part) => {
        expect(await thread(part)).toBe(own)
        await nest(async (inner) => expect(await thread(inner)).toBe(own))
        await addAndFail(10)(part)
      }).catch(swallow)
      await add(tx, 11)
    })
    expect(await kept()).toEqual([11])
    expect(sent().filter((text) => text === 'START TRANSACTION')).toHaveLength(1)
  })

  test('not what is detached, of another pool, or of another invocation', async () => {
    await using other = createPool({ connection: server.current.url, name: 'other' })
    const handler = middy()
      .use(mysqlPool({ pool }))
      .handler((_event, { db }) =>
        pool.detach(() =>
          pool.transaction(async (tx) => {
            await add(tx, 10)
            await db.transaction((part) => add(part, 11))
            await other.transaction((part) => add(part, 12))
            await soldOut()
          }),
        ),
      )
    await expect(handler({}, contextFor())).rejects.toThrow('sold out')
    expect(await kept()).toEqual([11, 12])
    const detached = pool.transaction(async () => {
      await pool.detach(() => pool.transaction((part) => add(part, 14)))
      await soldOut()
    })
    await expect(detached).rejects.toThrow('sold out')
    expect(await kept()).toEqual([11, 12, 14])
  })
})

test.each<[string, () => object, string]>([
  ['timeout', () => ({ timeout: 200 }), 'DEADLINE_EXCEEDED'],
  ['signal', () => ({ signal: AbortSignal.timeout(200) }), 'ABORTED'],
])('the %s of a nested one stops the whole, on the server too', async (_, bounds, code) => {
  const stopped = pool.transaction(async (tx) => {
    await add(tx, 10)
    const slow = tx.transaction((part) => part.query('DO SLEEP(20)'), bounds())
    await expect(slow).rejects.toMatchObject({ code })
    await add(tx, 11).catch(swallow)
  })
  await expect(stopped).rejects.toMatchObject({ code })
  const running = async () =>
    (await server.current.connections()).filter(({ INFO }) => INFO?.includes('SLEEP'))
  await expect.poll(running).toEqual([])
  expect(await kept()).toEqual([])
})
