import { setImmediate as turn } from 'node:timers/promises'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Pool, Transaction } from '../src/index.ts'
import { add, addAndFail, added, soldOut, swallow } from './support/adding.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import type { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE t (id INT PRIMARY KEY)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE t')
  const opened = await openByProxy(server.current, { connectionLimit: 2 })
  ;({ proxy, pool } = opened)
  return opened.close
})

const kept = () => added(server.current)
const sent = () => proxy.commands.slice(1).map(({ text }) => text)

describe('those beside each other take turns, in the order of asking', () => {
  test('each is undone by itself', async () => {
    await pool.transaction(async (tx) => {
      const parts = [10, 11, 12, 13].map((id) =>
        tx.transaction(async (part) => {
          await add(part, id)
          await turn()
          await add(part, id + 10)
          if (id % 2) await soldOut()
        }),
      )
      const ends = (await Promise.allSettled(parts)).map(({ status }) => status)
      expect(ends).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected'])
    })
    expect(await kept()).toEqual([10, 12, 20, 22])
  })

  test('a statement beside them is in the line too, and is undone with none of them', async () => {
    await pool.transaction(async (tx) => {
      await Promise.all([
        tx.transaction(addAndFail(10)).catch(swallow),
        add(tx, 11),
        tx.transaction(addAndFail(12)).catch(swallow),
        tx.execute('INSERT INTO t VALUES (?)', [13]),
      ])
    })
    expect(await kept()).toEqual([11, 13])
    const order = sent().map((text) =>
      text?.match(/^(SAVEPOINT|ROLLBACK TO)|VALUES \(\?|VALUES \((\d+)/)?.slice(1),
    )
    expect(order.flat().filter(Boolean)).toEqual([
      'SAVEPOINT',
      '10',
      'ROLLBACK TO',
      '11',
      'SAVEPOINT',
      '12',
      'ROLLBACK TO',
    ])
  })

  test('one that nobody awaited ends before what is around it', async () => {
    await pool.transaction(async (tx) => {
      void tx.transaction(async (part) => {
        await turn()
        await add(part, 10)
        void part.transaction((inner) => add(inner, 11))
      })
      tx.transaction(addAndFail(12)).catch(swallow)
    })
    expect(await kept()).toEqual([10, 11])
  })

  test('a statement waits no longer than its timeout, and then is not sent', async () => {
    const gate = Promise.withResolvers<void>()
    await pool.transaction(async (tx) => {
      const beside = tx.transaction(() => gate.promise)
      const late = tx.query({ sql: 'INSERT INTO t VALUES (10)', timeout: 50 })
      await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
      gate.resolve()
      await beside
      await add(tx, 11)
    })
    expect(await kept()).toEqual([11])
  })

  test('one that still waits is given up alone when its time is over, or its signal aborts', async () => {
    const [gate, stop] = [Promise.withResolvers<void>(), new AbortController()]
    await pool.transaction(async (tx) => {
      const beside = tx.transaction(() => gate.promise)
      const late = tx.transaction((part) => add(part, 10), { timeout: 50 })
      const aborted = tx.transaction((part) => add(part, 11), { signal: stop.signal })
      const last = tx.transaction((part) => add(part, 12))
      await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })
      stop.abort()
      await expect(aborted).rejects.toMatchObject({ code: 'ABORTED', outcome: 'not-sent' })
      expect(sent().filter((text) => text?.startsWith('SAVEPOINT'))).toHaveLength(1)
      gate.resolve()
      await Promise.all([beside, last])
    })
    expect(await kept()).toEqual([12])
  })

  test('those that wait for each other are ended by the deadline', async () => {
    const invoke = pool.wrap((_event: unknown, _context: object) =>
      pool.transaction(async (tx) => {
        const asked = Promise.withResolvers<unknown>()
        const beside = tx.transaction(async () => asked.promise)
        asked.resolve(add(tx, 10))
        await beside
      }),
    )
    await expect(invoke({}, contextFor(400))).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(await kept()).toEqual([])
  })
})

describe('after the end', () => {
  test('a nested one is refused, and so are statements of one that was left behind', async () => {
    const [begun, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const left: Promise<unknown>[] = []
    let kept_: Transaction | undefined
    const failed = pool.transaction(async (tx) => {
      kept_ = tx
      left.push(
        tx.transaction(async (part) => {
          await add(part, 10)
          begun.resolve()
          await gate.promise
          await add(part, 11)
        }),
      )
      await begun.promise
      await soldOut()
    })
    await expect(failed).rejects.toThrow('sold out')
    gate.resolve()
    left.push((kept_ as Transaction).transaction((part) => add(part, 12)))
    left.push(add(kept_ as Transaction, 13))
    for (const refused of left)
      await expect(refused).rejects.toMatchObject({ code: 'CONNECTION_RELEASED', outcome: 'not-sent' })
    await pool.transaction((tx) => add(tx, 14))
    expect(await kept()).toEqual([14])
  })

  test("the same after a nested one's end, while what is around it goes on", async () => {
    await pool.transaction(async (tx) => {
      const ended = await tx.transaction(async (part) => ({ part }))
      for (const late of [add(ended.part, 10), ended.part.transaction((inner) => add(inner, 11))])
        await expect(late).rejects.toMatchObject({ code: 'CONNECTION_RELEASED', outcome: 'not-sent' })
      await add(tx, 12)
    })
    expect(await kept()).toEqual([12])
  })

  test('pool.transaction() in work that goes on is a transaction of its own', async () => {
    const gate = Promise.withResolvers<void>()
    let late: Promise<unknown> | undefined
    await pool.transaction(async () => {
      late = gate.promise.then(() => pool.transaction((tx) => add(tx, 10)))
    })
    gate.resolve()
    await late
    expect(await kept()).toEqual([10])
    expect(sent()).toEqual(['START TRANSACTION', 'COMMIT', 'START TRANSACTION', expect.any(String), 'COMMIT'])
  })
})
