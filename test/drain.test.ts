import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
/** ER_QUERY_INTERRUPTED: the server has stopped a statement, and undone it. */
const INTERRUPTED = 1317
const poolOf = (more = {}) => createPool({ connection: server.current.url, ...more })

test('five queries submitted on two connections, end() at once, five results', async () => {
  const pool = poolOf()
  const results = Promise.all([1, 2, 3, 4, 5].map((i) => pool.query(`SELECT SLEEP(0.02), ${i} AS i`)))
  await pool.end()
  expect((await results).map(([rows]) => rows[0]?.i)).toEqual([1, 2, 3, 4, 5])
  expect(await server.current.connections()).toEqual([])
  expect(pool.stats()).toMatchObject({ total: 0, opened: 2 })
})

test('end() before the first handshake is done', async () => {
  const pool = poolOf()
  const result = pool.query('SELECT 1 AS one')
  await pool.end()
  expect((await result)[0]).toEqual([{ one: 1 }])
  expect(await server.current.connections()).toEqual([])
})

test('new work is refused, and a second end() is the first one', async () => {
  const pool = poolOf()
  await pool.query('SELECT 1')
  const ends = [pool.end(), pool.end()]
  await expect(pool.query('SELECT 2')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await expect(pool.getConnection()).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await Promise.all(ends)
  await pool.end()
})

test.each([
  [{ timeout: '5s' }, "end.timeout: received '5s'; accepted: a whole number from 0 to 2147483647"],
  [{ tiemout: 5 }, 'end.tiemout: received an option that does not exist; accepted: timeout'],
  [500, 'end(options): received a number; accepted: a plain object'],
  [null, 'end(options): received null; accepted: a plain object'],
])('end(%o) is refused in one sentence, and nothing ends', async (options, message) => {
  await using pool = poolOf()
  await expect(pool.end(options as never)).rejects.toMatchObject({ code: 'INVALID_OPTION', message })
  await pool.query('SELECT 1')
})

test('a pool that never connected ends at once', async () => {
  await poolOf().end()
})

test('inside a transaction end() rejects and the transaction goes on', async () => {
  const pool = poolOf()
  const [rows] = await pool.transaction(async (tx) => {
    await expect(pool.end()).rejects.toMatchObject({ code: 'END_IN_TRANSACTION' })
    return tx.query('SELECT 1 AS one')
  })
  expect(rows).toEqual([{ one: 1 }])
  await pool.end()
})

test('what is left after the timeout is stopped, and end() settles', async () => {
  const pool = poolOf({ connectionLimit: 1 })
  const running = pool.query('SELECT SLEEP(30)')
  const waiting = pool.query('SELECT 1')
  const settled = Promise.allSettled([running, waiting])
  await sleep(50)
  await pool.end({ timeout: 100 })
  const [first, second] = await settled
  expect(first).toMatchObject({ reason: { code: 'POOL_ENDED', cause: { errno: INTERRUPTED } } })
  expect(first).not.toHaveProperty('reason.outcome') // the server has said that it was undone
  expect(second).toMatchObject({ reason: { code: 'POOL_ENDED', outcome: 'not-sent' } })
  expect(pool.stats()).toMatchObject({ total: 0, control: 0, orphaned: 0 })
  await expect.poll(() => server.current.connections(), { timeout: 5000 }).toEqual([])
})

test('a leased connection may finish its work', async () => {
  const pool = poolOf()
  const connection = await pool.getConnection()
  const ended = pool.end()
  expect((await connection.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  connection.release()
  await ended
  expect(await server.current.connections()).toEqual([])
})

test('a server that answers nothing cannot hold it', async () => {
  const silent = createServer((socket) => socket.on('error', () => {})).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const { port } = silent.address() as { port: number }
  const pool = createPool({ connection: { host: '127.0.0.1', port, user: 'nobody' } })
  const refused = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await sleep(20)
  await pool.end({ timeout: 100 })
  await refused
  expect(pool.stats().total).toBe(0)
  silent.close()
})

test('handles are counted: the last end() closes', async () => {
  const [first, second] = [poolOf(), poolOf()]
  await first.query('SELECT 1')
  await first.end()
  await expect(first.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await second.query('SELECT 1')
  expect(await server.current.connections()).toHaveLength(1)
  await second.end()
  expect(await server.current.connections()).toEqual([])
  const again = poolOf()
  await again.query('SELECT 1')
  await again.end()
})

test('after end() the process exits by itself', async () => {
  const script = `
    import { createPool } from 'warmpool'
    const pool = createPool()
    await Promise.all([pool.query('SELECT 1'), pool.query('SELECT 2')])
    await pool.end()
    console.log(process.getActiveResourcesInfo().filter((name) => /TCP|Timeout/.test(name)).join())
  `
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, DATABASE_URL: server.current.url },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const [code] = await once(child, 'exit')
  expect(code).toBe(0)
  expect(printed.trim()).toBe('')
})
