import { afterEach, beforeAll, expect, test } from 'vitest'
import type { LocalLambda } from '../local/src/function/local-lambda.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { keepaliveEvery, leaseSeconds } from '../src/policy/server-lease.ts'
import { ServerLease } from '../src/server-lease.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'

// What a container leaves behind that is gone, or frozen for good, is the server's to clean up: by the session's wait_timeout.

const server = databaseForFile()
const functions = functionsOf({ leased: 'test/support/leased-handler.ts' })
let pool: Pool
afterEach(() => pool?.end())
beforeAll(async () => {
  await server.current.query('CREATE TABLE stock (id INT PRIMARY KEY, amount INT)')
  await server.current.query('INSERT INTO stock VALUES (1, 100), (2, 100)')
})

test.each([
  ['the longest of all functions while nothing is known', 300_000, undefined, 930],
  ['what is kept idle outlasts a short function', 300_000, 3_000, 330],
  ['a long function outlasts what is kept idle', 300_000, 600_000, 630],
  ['no function runs for an hour: a clock was set back', 300_000, 3_603_000, 930],
  ['never short of a part of a second', 300_001, 3_000, 331],
  ['kept idle for longer than any function runs', 3_600_000, undefined, 3_630],
])('%s', (_, idleTimeout, functionTimeout, seconds) => {
  expect(leaseSeconds(idleTimeout, functionTimeout)).toBe(seconds)
})

test('two looks fit into a lease, with time to spare', () => {
  expect(keepaliveEvery(2000) * 2).toBeLessThan(1400)
})

function open(options: PoolOptions = {}): void {
  pool = createPool({ connection: server.current.url, ...options })
}

/** As the server has it, on a connection that is opened for it. */
async function leaseOfNew(): Promise<number> {
  const connection = await pool.getConnection()
  const [rows] = await connection.query('SELECT @@wait_timeout AS lease')
  connection.destroy()
  return rows[0]?.lease
}

test('it is known from the first invocation on how long the function may run: the most that one had left at its start', async () => {
  open({ idleTimeout: 60_000 })
  const handler = pool.wrap(async (_event: unknown, _context: object) => leaseOfNew())
  expect(await leaseOfNew()).toBe(930)
  expect(await handler({}, contextFor(29_500))).toBe(90)
  expect(await handler({}, contextFor(100_000))).toBe(130)
  expect(await handler({}, contextFor(20_000))).toBe(130)
  expect(await handler({}, {})).toBe(130) // a test's context, which knows nothing
  expect(await leaseOfNew()).toBe(130)
})

test.each(['wait_timeout', 'WAIT_TIMEOUT'])(
  '%s of the user is what counts, after a reset too',
  async (name) => {
    open({ session: { [name]: 77 }, connectionLimit: 1 })
    const lease = 'SELECT @@wait_timeout AS lease, CONNECTION_ID() AS id'
    const [[before]] = await pool.query(lease)
    await pool.query('SET @state = 1')
    const [[after]] = await pool.query(lease)
    expect(before).toMatchObject({ lease: 77 })
    expect(after).toEqual(before)
  },
)

test.each([
  [2, 2000],
  ['2', 2000],
  [0, 1000],
  [-5, 1000],
  ['long', 930_000],
])('of a wait_timeout of %o the server makes so many milliseconds: %i', (given, lease) => {
  expect(new ServerLease({ idleTimeout: 1, session: { wait_timeout: given } }).inForce).toBe(lease)
})

test('through a proxy no lease is set', async () => {
  open({ proxy: true, name: 'proxied' })
  const [[global]] = [await server.current.query('SELECT @@GLOBAL.wait_timeout AS lease')]
  expect(await leaseOfNew()).toBe(global?.lease)
})

/** Whether nobody holds the row of `stock`: a transaction that is still open does. */
async function isFree(id: number): Promise<boolean> {
  const update = 'SET STATEMENT innodb_lock_wait_timeout = 0 FOR UPDATE stock SET amount = 100 WHERE id = ?'
  return server.current.query(update, [id]).then(
    () => true,
    () => false,
  )
}

test('the server cleans up after a container that is gone without a word, and one that is frozen for good', async () => {
  const start = () => functions.start('leased', { database: server.current })
  const [gone, frozen] = await Promise.all([start(), start()])
  async function abandon(lambda: LocalLambda, id: number, how: () => Promise<void>): Promise<void> {
    expect(await lambda.invoke({ does: 'leaves a transaction open', id })).toMatchObject({ ok: true })
    await how()
    expect(await isFree(id)).toBe(false)
    expect(await lambda.connections()).toHaveLength(2)
  }
  // The network before it goes dark first, as with a whole machine.
  await Promise.all([abandon(gone, 1, () => gone.shutdown()), abandon(frozen, 2, () => frozen.freeze())])
  for (const lambda of [gone, frozen])
    await expect.poll(() => lambda.connections(), { timeout: 10_000 }).toEqual([])
  expect([await isFree(1), await isFree(2)]).toEqual([true, true])
  // Should it be thawed after all, it goes on.
  expect(await frozen.invoke({ does: 'asks' })).toMatchObject({ ok: true, response: { one: 1 } })
})
