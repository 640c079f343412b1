import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool, type PoolOptions, type Transaction } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { ScriptedServer } from './support/scripted-server.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE t (id INT PRIMARY KEY, v INT)'))
beforeEach(async () => {
  await server.current.query('REPLACE INTO t VALUES (1, 10)')
  proxy = await TcpProxy.to(server.current)
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

function open(options: PoolOptions = {}): Pool {
  pool = createPool({ connection: proxy.url(server.current.url), connectionLimit: 1, ...options })
  return pool
}

const sent = () => proxy.commands.slice(1).map(({ text }) => text)
const change = () => server.current.query('UPDATE t SET v = v + 1 WHERE id = 1')
const read = async (tx: Transaction) => (await tx.query('SELECT v FROM t WHERE id = 1'))[0][0]?.v as number

/** The isolation of a transaction by what it sees of a change that is made, and of one that is not committed yet. */
async function behaviour(tx: Transaction): Promise<string> {
  const before = await read(tx)
  const free = server.current.query('SELECT v FROM t WHERE id = 1 FOR UPDATE NOWAIT')
  const [isFree] = await Promise.allSettled([free])
  if (isFree.status === 'rejected') return 'serializable' // its reads lock
  await change()
  if ((await read(tx)) === before) return 'repeatable read'
  await server.current.query('START TRANSACTION')
  await change()
  const seen = await read(tx)
  await server.current.query('ROLLBACK')
  return seen === before + 2 ? 'read uncommitted' : 'read committed'
}

describe('isolation', () => {
  test.each(['read uncommitted', 'read committed', 'repeatable read', 'serializable'] as const)(
    '%s, for this transaction only, at the price of one command',
    async (isolation) => {
      open()
      expect(await pool.transaction(behaviour, { isolation })).toBe(isolation)
      const commands = sent().filter((text) => !text?.startsWith('SELECT'))
      expect(commands).toEqual([
        `SET TRANSACTION ISOLATION LEVEL ${isolation}`,
        'START TRANSACTION',
        'COMMIT',
      ])
      expect(await pool.transaction(behaviour)).toBe('repeatable read')
      expect(
        sent()
          .slice(-4)
          .map((text) => text?.split(' ')[0]),
      ).toEqual(['START', 'SELECT', 'SELECT', 'COMMIT'])
      expect(pool.stats().opened).toBe(1)
    },
  )

  test('after a rollback it is used up as well', async () => {
    open()
    const failed = pool.transaction(() => Promise.reject('sold out'), { isolation: 'read committed' })
    await expect(failed).rejects.toBe('sold out')
    expect(await pool.transaction(behaviour)).toBe('repeatable read')
    expect(pool.stats().opened).toBe(1)
  })

  test('each attempt has it', async () => {
    open()
    const seen: string[] = []
    const twice = pool.transaction(
      async (tx) => {
        seen.push(await behaviour(tx))
        if (seen.length < 2) throw Object.assign(new Error('Deadlock'), { errno: 1213 })
      },
      { isolation: 'read committed', retries: 1 },
    )
    await twice
    expect(seen).toEqual(['read committed', 'read committed'])
  })

  test('where the transaction then does not begin, it is not left to the next', async () => {
    let refused = 0
    await using scripted = await ScriptedServer.start((sql) =>
      sql.startsWith('START') && refused++ === 0 ? { code: 1105, message: 'not now' } : 'ok',
    )
    pool = createPool({ connection: scripted.url, connectionLimit: 1 })
    const failed = pool.transaction(async () => {}, { isolation: 'serializable' })
    await expect(failed).rejects.toMatchObject({ errno: 1105 })
    await pool.query('SELECT 1')
    expect(scripted.heard.slice(1, 4)).toEqual([
      'SET TRANSACTION ISOLATION LEVEL serializable',
      'START TRANSACTION',
      'reset()',
    ])
    expect(pool.stats().opened).toBe(1)
  })

  test('where it cannot be set, the transaction does not begin', async () => {
    await using scripted = await ScriptedServer.start((sql) =>
      sql.startsWith('SET TRANSACTION') ? { code: 1105, message: 'not now' } : 'ok',
    )
    pool = createPool({ connection: scripted.url, connectionLimit: 1 })
    const ran: string[] = []
    const failed = pool.transaction(async () => ran.push('it'), { isolation: 'serializable' })
    await expect(failed).rejects.toMatchObject({ errno: 1105 })
    expect(ran).toEqual([])
    expect(scripted.heard).not.toContain('START TRANSACTION')
  })

  test('stopped in between, the transaction does not begin', async () => {
    open()
    await pool.query('DO 1')
    proxy.toClient.hold()
    const stop = new AbortController()
    const stopped = pool.transaction(read, { isolation: 'serializable', signal: stop.signal })
    stopped.catch(() => {})
    await expect.poll(() => sent().at(-1)).toContain('SET TRANSACTION')
    stop.abort()
    proxy.toClient.letGo()
    await expect(stopped).rejects.toMatchObject({ code: 'ABORTED' })
    expect(await pool.transaction(behaviour)).toBe('repeatable read')
    expect(sent().filter((text) => text === 'START TRANSACTION')).toHaveLength(1)
    expect(pool.stats().opened).toBe(2)
  })

  test('through RDS Proxy it is set for the session, which does not pin, and the connection is closed after it', async () => {
    open({ proxy: true, tls: false })
    expect(await pool.transaction(behaviour, { isolation: 'read committed' })).toBe('read committed')
    expect(proxy.commands.map(({ text }) => text)).toContain(
      'SET SESSION TRANSACTION ISOLATION LEVEL read committed',
    )
    expect(await pool.transaction(behaviour)).toBe('repeatable read')
    expect(pool.stats().opened).toBe(2)
  })
})

describe('readOnly', () => {
  test('the server refuses writes, and is not taken for one that has become read-only', async () => {
    open()
    const thread = await pool.transaction(
      async (tx) => {
        await expect(tx.query('DELETE FROM t')).rejects.toMatchObject({ errno: 1792 })
        return (await tx.query('SELECT CONNECTION_ID() AS id'))[0][0]?.id
      },
      { readOnly: true },
    )
    const writes = pool.transaction((tx) => tx.query('DELETE FROM t'), { readOnly: true })
    await expect(writes).rejects.toMatchObject({ errno: 1792 })
    const [[row]] = await pool.query('SELECT CONNECTION_ID() AS id, COUNT(*) AS kept FROM t')
    expect(row).toEqual({ id: thread, kept: 1 })
    expect(pool.stats().opened).toBe(1)
  })

  test('it is for this transaction only, and goes with an isolation', async () => {
    open()
    await pool.transaction(read, { readOnly: true, isolation: 'serializable' })
    await pool.transaction((tx) => tx.query('UPDATE t SET v = 0'))
    expect(await server.current.query('SELECT v FROM t')).toEqual([{ v: 0 }])
    expect(sent().slice(0, 2)).toEqual([
      'SET TRANSACTION ISOLATION LEVEL serializable',
      'START TRANSACTION READ ONLY',
    ])
  })

  test('false is the default', async () => {
    open()
    await pool.transaction((tx) => tx.query('UPDATE t SET v = 0'), { readOnly: false, isolation: undefined })
    expect(sent()).toEqual(['START TRANSACTION', 'UPDATE t SET v = 0', 'COMMIT'])
  })
})

describe('what cannot be meant is refused before anything is done', () => {
  test.each<[options: object, sentence: string]>([
    [
      { isolation: 'snapshot' },
      "transaction.isolation: received 'snapshot'; accepted: 'read uncommitted', 'read committed', 'repeatable read', 'serializable'",
    ],
    [{ retries: -1 }, 'transaction.retries: received -1; accepted: a whole number from 0 to 100'],
    [{ retries: 1.5 }, 'transaction.retries: received 1.5; accepted: a whole number from 0 to 100'],
    [{ retries: 101 }, 'transaction.retries: received 101; accepted: a whole number from 0 to 100'],
    [{ readOnly: 'yes' }, "transaction.readOnly: received 'yes'; accepted: true, false"],
    [
      { retry: 3 },
      'transaction.retry: received an option that does not exist; accepted: isolation, readOnly, retries, timeout, signal',
    ],
    [{ timeout: -1 }, 'timeout: received -1; accepted: a whole number from 1 to 2147483647'],
    [{ signal: 'stop' }, 'signal: received a text of 4 characters; accepted: an AbortSignal'],
  ])('%o', async (options, sentence) => {
    open()
    const refused = pool.transaction(async () => {}, options)
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_OPTION', message: sentence })
    expect(proxy.commands).toEqual([])
  })

  test.each([[undefined], ['SELECT 1'], [{}]])('%o as the work', async (work) => {
    open()
    await expect(pool.transaction(work as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: expect.stringMatching(/^transaction\(work\): received .*; accepted: an async function$/),
    })
  })

  test('options that are none', async () => {
    open()
    await expect(pool.transaction(async () => {}, null as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  })
})

describe('options of a nested one', () => {
  test.each<[object, string]>([
    [{ isolation: 'serializable' }, 'transaction.isolation'],
    [{ readOnly: true }, 'transaction.readOnly'],
    [{ isolation: 'chaos' }, 'transaction.isolation'],
    [{ commit: true }, 'transaction.commit'],
  ])('%o is refused, and the outer goes on', async (options, name) => {
    open()
    const ran: string[] = []
    await pool.transaction(async (tx) => {
      for (const nest of [tx, pool]) {
        const refused = nest.transaction(async () => ran.push('it'), options)
        await expect(refused).rejects.toMatchObject({
          code: 'INVALID_OPTION',
          message: expect.stringContaining(name),
        })
      }
      await tx.query('UPDATE t SET v = 0')
    })
    expect(ran).toEqual([])
    expect(await server.current.query('SELECT v FROM t')).toEqual([{ v: 0 }])
  })

  test('what the outermost has too may be said again', () =>
    open().transaction(
      (tx) => tx.transaction((part) => part.query('DO 1'), { isolation: 'serializable', readOnly: true }),
      { isolation: 'serializable', readOnly: true },
    ))
})
