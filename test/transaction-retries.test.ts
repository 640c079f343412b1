import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type Transaction } from '../src/index.ts'
import { contentionPause } from '../src/policy/backoff.ts'
import { worthAnotherAttempt } from '../src/policy/faults.ts'
import { openByProxy } from './support/by-proxy.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { Rival } from './support/rival.ts'
import type { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile({ args: ['--innodb-lock-wait-timeout=1'] })
let rival: Rival
let proxy: TcpProxy
let pool: Pool
let attempts: number

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
  attempts = 0
  return opened.close
})
afterEach(async () => {
  vi.restoreAllMocks()
  await rival.letGo()
})

/** Each attempt leaves a row of its own. */
const leaveTrace = (tx: Transaction) => tx.query('INSERT INTO t VALUES (?, "trace")', [10 + ++attempts])
const traces = async () =>
  (await server.current.query('SELECT id FROM t WHERE v = "trace"')).map(({ id }) => id - 10)
const deadlock = () => Object.assign(new Error('Deadlock found'), { errno: 1213 })

describe('without retries', () => {
  test('a deadlock is what the server said, and nothing is left', async () => {
    const failed = pool.transaction(async (tx) => {
      await leaveTrace(tx)
      await rival.collideWith(tx)
    })
    await expect(failed).rejects.toMatchObject({ code: 'ER_LOCK_DEADLOCK', errno: 1213, sqlState: '40001' })
    expect(attempts).toBe(1)
    expect(await traces()).toEqual([])
  })

  test('a lock wait timeout too, although the server has undone one statement only', async () => {
    await rival.lock(1)
    const failed = pool.transaction(async (tx) => {
      await leaveTrace(tx)
      await tx.query("UPDATE t SET v = 'mine' WHERE id = 1")
    })
    await expect(failed).rejects.toMatchObject({ errno: 1205 })
    expect(attempts).toBe(1)
    expect(await traces()).toEqual([])
  })
})

describe('with retries the whole callback is run again', () => {
  const collides: Record<string, (tx: Transaction) => Promise<unknown>> = {
    'a deadlock': (tx) => rival.collideWith(tx),
    'a deadlock that is the cause of what is thrown': (tx) =>
      rival.collideWith(tx).catch((cause) => {
        throw new Error('no order', { cause: new Error('no stock', { cause }) })
      }),
    'a deadlock that the callback swallowed': (tx) => rival.collideWith(tx).catch(() => {}),
    'a deadlock in a nested one': (tx) => tx.transaction((part) => rival.collideWith(part)),
    'a deadlock in a nested one that the callback swallowed': (tx) =>
      tx.transaction((part) => rival.collideWith(part)).catch(() => {}),
    'a lock wait timeout': async (tx) => {
      await rival.lock(1)
      try {
        await tx.query("UPDATE t SET v = 'mine' WHERE id = 1")
      } finally {
        await rival.letGo()
      }
    },
  }
  test.each(Object.entries(collides))('after %s', async (_, collide) => {
    const given = await pool.transaction(
      async (tx) => {
        await leaveTrace(tx)
        if (attempts === 1) await collide(tx)
        return `attempt ${attempts}`
      },
      { retries: 3 },
    )
    expect(given).toBe('attempt 2')
    expect(await traces()).toEqual([2])
  })

  test('as often as it says, and then it is the last error', async () => {
    const failed = pool.transaction(
      async (tx) => {
        await leaveTrace(tx)
        throw Object.assign(deadlock(), { attempts })
      },
      { retries: 2 },
    )
    await expect(failed).rejects.toMatchObject({ errno: 1213, attempts: 3 })
    expect(attempts).toBe(3)
    expect(await traces()).toEqual([])
  })

  const others: Record<string, (tx: Transaction) => Promise<unknown>> = {
    'a duplicate': (tx) => tx.query("INSERT INTO t VALUES (1, 'again')"),
    "the callback's own error": () => Promise.reject(new Error('sold out')),
    'a commit of its own': (tx) => tx.query('COMMIT'),
    'a lost connection': async (tx) => {
      proxy.cut()
      await tx.query('DO 1')
    },
    'nothing at all': () => Promise.reject(undefined),
  }
  test.each(Object.entries(others))('but not after %s', async (_, fail) => {
    const failed = pool.transaction(
      async (tx) => {
        await leaveTrace(tx)
        await fail(tx)
      },
      { retries: 3 },
    )
    await failed.then(
      () => expect.unreachable(),
      () => {},
    )
    expect(attempts).toBe(1)
  })
})

describe('between two attempts', () => {
  test('the one before has been rolled back, and its locks are free, before the next begins', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0)
    await Promise.all([pool.query('DO SLEEP(0.01)'), pool.query('DO SLEEP(0.01)')]) // two connections are there
    const begun = () => proxy.commands.filter(({ text }) => text === 'START TRANSACTION').length
    const persistent = pool.transaction(
      async (tx) => {
        if (attempts > 0) return rival.finds(1)
        await leaveTrace(tx)
        await tx.query("UPDATE t SET v = 'mine' WHERE id = 1")
        proxy.toServer.hold()
        throw deadlock()
      },
      { retries: 1 },
    )
    await expect.poll(() => proxy.commands.at(-1)?.text).toBe('ROLLBACK')
    await sleep(50)
    expect(begun()).toBe(1)
    expect(await rival.finds(1)).toBe(false)
    proxy.toServer.letGo()
    expect(await persistent).toBe(true)
    expect(await traces()).toEqual([])
  })

  test('it holds no connection while it pauses', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const meanwhile: number[] = []
    const persistent = pool.transaction(
      async () => {
        if (++attempts > 6) return
        setTimeout(() => meanwhile.push(pool.stats().inUse), 8) // the shortest pause is 10 ms
        throw deadlock()
      },
      { retries: 6 },
    )
    await persistent
    expect(meanwhile.filter((inUse) => inUse === 0).length).toBeGreaterThan(2)
  })

  test.each<[string, (work: () => Promise<unknown>) => Promise<unknown>, object]>([
    [
      'the deadline',
      (work) =>
        pool.wrap((_event: unknown, _context: object) => pool.transaction(work, { retries: 100 }))(
          {},
          contextFor(700),
        ),
      { errno: 1213 },
    ],
    [
      'its timeout',
      (work) => pool.transaction(work, { retries: 100, timeout: 600 }),
      { code: 'DEADLINE_EXCEEDED', cause: { errno: 1213 } },
    ],
    [
      'its signal',
      (work) => pool.transaction(work, { retries: 100, signal: AbortSignal.timeout(600) }),
      { code: 'ABORTED', cause: { name: 'TimeoutError' } },
    ],
  ])('%s ends it, and says so', async (_, run, told) => {
    vi.spyOn(Math, 'random').mockReturnValue(0.999)
    const begun = Date.now()
    const failed = run(async () => {
      attempts++
      throw deadlock()
    })
    await expect(failed).rejects.toMatchObject(told)
    expect(Date.now() - begun).toBeLessThan(2000)
    expect(attempts).toBeGreaterThan(2)
    expect(attempts).toBeLessThan(20)
  })

  test('those that meet again and again all come to their end', async () => {
    const other = createPool({ connection: server.current.url, name: 'other container' })
    const swap = (on: Pool, first: number, second: number) =>
      on.transaction(
        async (tx) => {
          attempts++
          await tx.query('UPDATE t SET v = CONCAT(v, "!") WHERE id = ?', [first])
          await sleep(20)
          await tx.query('UPDATE t SET v = CONCAT(v, "!") WHERE id = ?', [second])
        },
        { retries: 50 },
      )
    await Promise.all([pool.query('DO 1'), other.query('DO 1')]) // so that they begin together
    await Promise.all([1, 2, 3].flatMap(() => [swap(pool, 1, 2), swap(other, 2, 1)]))
    await other.end()
    expect(await server.current.query('SELECT v FROM t ORDER BY id')).toEqual([
      { v: 'one!!!!!!' },
      { v: 'two!!!!!!' },
    ])
  })
})

describe('the pause', () => {
  test('its longest doubles up to a cap', () => {
    const longest = (attempt: number) => contentionPause(attempt, () => 1)
    expect([1, 2, 3, 4, 5, 6, 100].map(longest)).toEqual([10, 20, 40, 80, 160, 200, 200])
  })

  test('it is anything from nothing up to that', () => {
    expect(contentionPause(3, () => 0)).toBe(0)
    const pauses = Array.from({ length: 1000 }, () => contentionPause(3))
    expect(pauses.filter((pause) => pause < 0 || pause >= 40)).toEqual([])
    expect([...new Set(pauses.map((pause) => Math.floor(pause / 10)))].sort()).toEqual([0, 1, 2, 3])
  })
})

test.each<[what: unknown, is: boolean]>([
  [{ errno: 1213 }, true],
  [{ errno: 1205 }, true],
  [{ cause: { cause: { errno: 1213 } } }, true],
  [{ errno: 1614 }, false],
  [{ errno: 1290, message: 'running with the --read-only option' }, true],
  [{ errno: 1290, message: 'running with the --skip-grant-tables option' }, false],
  [{ cause: { errno: 1836, message: 'Running in read-only mode' } }, true],
  [{ errno: 1792, message: 'in a READ ONLY transaction' }, false],
  [{ errno: 1062, cause: null }, false],
  [null, false],
  [undefined, false],
  ['1213', false],
])('worthAnotherAttempt(%o) is %s', (what, is) => {
  expect(worthAnotherAttempt(what)).toBe(is)
})
