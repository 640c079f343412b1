import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../src/clock.ts'
import { createPool, type Pool } from '../src/index.ts'
import { WHAT_IT_IS } from '../src/policy/writer.ts'
import { Cluster } from './support/cluster.ts'
import type { Database } from './support/database.ts'
import { Traffic } from './support/traffic.ts'

let cluster: Cluster
let pool: Pool
beforeAll(async () => {
  cluster = await Cluster.start()
})
afterAll(() => cluster[Symbol.asyncDispose]())
beforeEach(async () => {
  await cluster.reset()
  cluster.network.commands.length = 0
  pool = createPool({ connection: cluster.url, onLeak: 'ignore' })
})
afterEach(() => pool.end({ timeout: 100 }))

const questions = () => cluster.network.commands.filter(({ text }) => text === WHAT_IT_IS).length
const portOf = async () => (await pool.query('SELECT @@port AS port'))[0][0]?.port

/** Resolves when the pool has heard of it, too: news takes a while through the network. */
async function killConnections(server: Database, of: Pool = pool): Promise<void> {
  await server.killConnections()
  await expect.poll(() => of.stats().total, { interval: 2, timeout: 5000 }).toBe(0)
}

const partsOf = (url: string) => {
  const { username, password, pathname } = new URL(url)
  return { user: username, password: decodeURIComponent(password), database: pathname.slice(1) }
}

/** Every note that was acknowledged is there, and none twice: what was not acknowledged may be there or not. */
async function expectNotes(acknowledged: number[]): Promise<void> {
  const notes = await cluster.notes()
  expect(new Set(notes).size).toBe(notes.length)
  expect(notes).toEqual(expect.arrayContaining(acknowledged))
}

test('writer and reader swap, step by step, while invocations go on: none fails that begins after the name has moved', async () => {
  const { first, second, gate, network } = cluster
  await using traffic = new Traffic(pool)
  await traffic.successes(6)

  // The old writer goes down and comes back as a reader, under the old name.
  await first.query('SET GLOBAL read_only = 1')
  await first.killConnections()
  await expect.poll(questions, { interval: 5, timeout: 5000 }).toBeGreaterThanOrEqual(2)
  expect(pool.stats()).toMatchObject({ idle: 0, inUse: 0 })

  // The reader is the new writer, and the name does not know yet.
  await second.query('SET GLOBAL read_only = 0')
  const asked = questions()
  await expect.poll(questions, { interval: 5, timeout: 5000 }).toBeGreaterThan(asked)
  expect(await cluster.second.query('SELECT * FROM notes')).toEqual([])

  gate.leadTo(second)
  const moved = performance.now()
  const opened = network.opened
  await traffic.successes(1, moved)
  expect(network.opened - opened).toBeLessThanOrEqual(2) // the first attempt after that
  await traffic.successes(10, moved)
  await traffic[Symbol.asyncDispose]()
  expect(traffic.since(moved).filter(({ error }) => error)).toEqual([])
  await expectNotes(traffic.acknowledged)
  expect((await second.query('SELECT * FROM notes')).length).toBeGreaterThan(2)
})

describe('a writer that becomes read-only under connections that stay', () => {
  async function demote(): Promise<number> {
    await cluster.first.query('SET GLOBAL read_only = 1')
    await cluster.second.query('SET GLOBAL read_only = 0')
    cluster.gate.leadTo(cluster.second)
    return performance.now()
  }

  test('fails no transaction() with retries: its next attempt is on a new connection', async () => {
    await using traffic = new Traffic(pool)
    await traffic.successes(6)
    const demoted = await demote()
    await traffic.successes(10, demoted)
    await traffic[Symbol.asyncDispose]()
    expect(traffic.told.filter(({ error }) => error)).toEqual([])
    await expectNotes(traffic.acknowledged)
  })

  test('refuses a COMMIT, which rolls back: the one retry is on a new connection', async () => {
    await Promise.all([pool.query('DO SLEEP(0.01)'), pool.query('DO SLEEP(0.01)')]) // two connections are there
    let attempts = 0
    await pool.transaction(
      async (tx) => {
        await tx.query('INSERT INTO notes VALUES (?)', [++attempts])
        if (attempts === 1) await demote()
      },
      { retries: 1 },
    )
    expect(await cluster.notes()).toEqual([2])
  })

  test('refuses one single write, which is not sent again; those after it come to the new writer', async () => {
    await using traffic = new Traffic(pool, ['read', 'write'])
    await traffic.successes(6)
    const demoted = await demote()
    await traffic.successes(10, demoted)
    await traffic[Symbol.asyncDispose]()
    const failed = traffic.told.flatMap(({ error }) => error ?? [])
    expect(failed.length).toBe(1)
    expect(failed[0]).toMatchObject({ errno: 1290 })
    expect(failed[0]).not.toHaveProperty('outcome') // the server's answer: it has no effect
    const writes = cluster.network.commands.filter(({ text }) => text?.startsWith('INSERT'))
    expect(writes.length).toBe(traffic.acknowledged.length + 1)
    await expectNotes(traffic.acknowledged)
  })

  test('refuses a prepared statement, too, and its connection is not used again', async () => {
    const refused = pool.withConnection(async (connection) => {
      const statement = await connection.prepare('INSERT INTO notes VALUES (?)')
      await demote()
      await statement.execute([1])
    })
    await expect(refused).rejects.toMatchObject({ errno: 1290 })
    await pool.execute('INSERT INTO notes VALUES (2)')
    expect(await cluster.notes()).toEqual([2])
  })

  test('retires a connection that is being opened then', async () => {
    const { first, network } = cluster
    let port = first.port // of the first connection; the second one comes through the network
    const stream = () => connect({ host: '127.0.0.1', port })
    const { user, password, database } = partsOf(cluster.url)
    await using apart = createPool({ connection: { user, password, database, stream }, name: 'apart' })
    await apart.query('INSERT INTO notes VALUES (0)')
    const connection = await apart.getConnection()
    const settingUp = Promise.withResolvers<void>()
    let held = false
    network.watch(() => ({
      toServer: (chunk) => {
        if (held || !chunk.includes('wait_timeout')) return
        held = true
        network.toClient.hold()
        settingUp.resolve()
      },
      toClient: () => {},
    }))
    port = network.port
    const before = network.opened
    const other = apart.query('SELECT 1')
    await settingUp.promise
    await first.query('SET GLOBAL read_only = 1')
    await expect(connection.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject({ errno: 1290 })
    await first.query('SET GLOBAL read_only = 0')
    network.toClient.letGo()
    await other
    expect(network.opened - before).toBe(2)
    connection.release()
  })

  describe('while there is no other', () => {
    beforeEach(async () => {
      await pool.end()
      pool = createPool({ connection: cluster.url, name: 'hasty', connectTimeout: 1000 })
      await pool.query('INSERT INTO notes VALUES (0)')
      await cluster.first.query('SET GLOBAL read_only = 1')
      await expect(pool.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject({ errno: 1290 })
    })
    afterEach(() => vi.restoreAllMocks())

    test('lets read whoever has waited for half of his time, once, so that it is not there when the writer is', async () => {
      await pool.query('SELECT 1')
      await expect.poll(() => pool.stats().total).toBe(0)
      expect(questions()).toBeGreaterThan(1)
      await cluster.first.query('SET GLOBAL read_only = 0')
      await pool.query('INSERT INTO notes VALUES (2)')
      await expectNotes([0, 2])
    })

    test('is taken as it is when no writer has come for a while, until one has', async () => {
      await pool.query('SELECT 1')
      const { now } = clock
      vi.spyOn(clock, 'now').mockImplementation(() => now() + 20_000)
      await pool.query('SELECT 1')
      expect(pool.stats()).toMatchObject({ total: 1, idle: 1 })
      const before = questions()
      await expect(pool.query('INSERT INTO notes VALUES (3)')).rejects.toMatchObject({ errno: 1290 })
      await pool.query('SELECT 1')
      expect(questions()).toBe(before)
    })
  })
})

describe('nobody is asked whether he is the writer', () => {
  test('where nothing was lost', async () => {
    const both = () => Promise.all([pool.getConnection(), pool.getConnection()])
    await pool.query('INSERT INTO notes VALUES (0)')
    for (const one of await both()) one.release()
    expect(cluster.network.opened).toBeGreaterThanOrEqual(2)
    expect(questions()).toBe(0)
  })

  test.each<[string, (on: Pool) => Promise<unknown>]>([
    ['only reads', (on) => on.query('SELECT * FROM notes')],
    ['reads into variables', (on) => on.query('SELECT 1 INTO @one')],
    [
      'writes to temporary tables',
      (on) =>
        on.withConnection(async (one) => {
          await one.query('CREATE TEMPORARY TABLE t (id INT)')
          await one.query('INSERT INTO t VALUES (1)')
        }),
    ],
    ['was refused as read-only', (on) => on.query('INSERT INTO notes VALUES (1)').catch(() => {})],
  ])('by a pool that %s: a reader is what it wants', async (_, use) => {
    cluster.gate.leadTo(cluster.second)
    await use(pool)
    await killConnections(cluster.second)
    expect(await portOf()).toBe(cluster.second.port)
    expect(questions()).toBe(0)
  })

  test('through RDS Proxy, which finds the writer itself', async () => {
    await using proxied = createPool({ connection: cluster.url, name: 'proxied', proxy: true })
    await proxied.query('INSERT INTO notes VALUES (0)')
    await killConnections(cluster.first, proxied)
    await proxied.query('SELECT 1')
    expect(questions()).toBe(0)
  })

  test('again, once a new connection has led to a writer', async () => {
    await pool.query('INSERT INTO notes VALUES (0)')
    await killConnections(cluster.first)
    expect(await portOf()).toBe(cluster.first.port)
    expect(questions()).toBe(1)
    for (let time = 0; time < 3; time++) await pool.query('SELECT 1')
    expect(questions()).toBe(1)
  })
})
