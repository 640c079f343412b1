import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { ScriptedServer } from './support/scripted-server.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
const INSERT = 'INSERT INTO notes VALUES (1)'
let proxy: TcpProxy
let pool: Pool

beforeAll(() => server.current.query('CREATE TABLE notes (id INT)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE notes')
  proxy = await TcpProxy.to(server.current)
  pool = createPool({ connection: proxy.url(server.current.url), connectionLimit: 1, onLeak: 'ignore' })
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await proxy[Symbol.asyncDispose]()
})

const notes = () => server.current.query('SELECT id FROM notes')
const sent = (name: string) => proxy.commands.filter((command) => command.name === name).length
const hasReachedServer = (name: string) => expect.poll(() => sent(name)).toBeGreaterThan(0)

test('when a connection is killed, what stood behind its statement is not sent', async () => {
  const connection = await pool.getConnection()
  const first = connection.query('SELECT SLEEP(10)')
  const second = connection.query(INSERT)
  const settled = Promise.allSettled([first, second])
  await expect.poll(() => proxy.commands.at(-1)?.text).toContain('SLEEP')
  await server.current.query(`KILL ${connection.threadId}`)
  expect(await settled).toMatchObject([
    { reason: { code: 'PROTOCOL_CONNECTION_LOST', outcome: 'unknown' } },
    { reason: { code: 'PROTOCOL_CONNECTION_LOST', outcome: 'not-sent' } },
  ])
  expect(proxy.commands.some(({ text }) => text.includes(INSERT))).toBe(false)
  expect(await notes()).toEqual([])
})

test('a statement that is killed alone fails alone', async () => {
  const connection = await pool.getConnection()
  const first = connection.query('SELECT SLEEP(10)')
  const second = connection.query(INSERT)
  const settled = Promise.allSettled([first, second])
  await expect.poll(() => proxy.commands.at(-1)?.text).toContain('SLEEP')
  await server.current.query(`KILL QUERY ${connection.threadId}`)
  expect(await settled).toMatchObject([{ reason: { errno: 1317 } }, { status: 'fulfilled' }])
  expect(await notes()).toEqual([{ id: 1 }])
})

test.each([
  { code: 1053, message: 'Server shutdown in progress', outcome: 'unknown' },
  { code: 1927, message: 'Connection was killed', outcome: 'unknown' },
  {
    code: 4031,
    message: 'The client was disconnected by the server because of inactivity',
    outcome: 'not-sent',
  },
])('nothing is sent after the server has said $code', async ({ outcome, ...lastWords }) => {
  await using leaving = await ScriptedServer.start((sql) => (sql.startsWith('SET') ? 'ok' : lastWords))
  await using scripted = createPool({ connection: leaving.url })
  const connection = await scripted.getConnection()
  const settled = await Promise.allSettled([connection.query('DO 1'), connection.query('DO 2')])
  expect(settled).toMatchObject([
    { reason: { errno: lastWords.code, outcome } },
    { reason: { errno: lastWords.code, outcome: 'not-sent' } },
  ])
  expect(leaving.heard).not.toContain('DO 2')
})

test('destroy() settles everything at once, though the server says nothing', async () => {
  const connection = await pool.getConnection()
  proxy.toClient.hold()
  const outcomes: unknown[] = []
  for (const sql of ['SELECT 1', INSERT]) connection.query(sql).catch((error) => outcomes.push(error.outcome))
  await hasReachedServer('QUERY')
  connection.destroy()
  await turn()
  expect(outcomes.sort()).toEqual(['not-sent', 'unknown'])
  expect(await notes()).toEqual([])
})

describe('a first execute(), cut in between, does not start the EXECUTE', () => {
  const execute = 'INSERT INTO notes VALUES (?)'
  const nothingExecuted = async () => {
    expect(sent('EXECUTE')).toBe(0)
    expect(await notes()).toEqual([])
  }

  test('by release()', async () => {
    const connection = await pool.getConnection()
    proxy.toClient.hold()
    const executed = connection.execute(execute, [1])
    await hasReachedServer('PREPARE')
    connection.release()
    proxy.toClient.letGo()
    await expect(executed).rejects.toMatchObject({ code: 'CONNECTION_RELEASED', outcome: 'not-sent' })
    await pool.query('SELECT 1')
    expect(pool.stats().opened).toBe(1)
    await nothingExecuted()
  })

  test('by the end of the invocation', async () => {
    let executed: Promise<unknown> | undefined
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      const connection = await pool.getConnection()
      proxy.toClient.hold()
      executed = connection.execute(execute, [1])
      executed.catch(() => {})
      await hasReachedServer('PREPARE')
    })
    const ended = handler({}, contextFor())
    await hasReachedServer('PREPARE')
    await sleep(50) // the handler has returned
    proxy.toClient.letGo()
    await ended
    await expect(executed).rejects.toMatchObject({ code: 'INVOCATION_ENDED', outcome: 'not-sent' })
    await nothingExecuted()
  })

  test('by destroy()', async () => {
    const connection = await pool.getConnection()
    proxy.toClient.hold()
    const executed = connection.execute(execute, [1])
    await hasReachedServer('PREPARE')
    connection.destroy()
    await expect(executed).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' })
    proxy.toClient.letGo()
    await nothingExecuted()
  })
})

describe('release() with statements that were not awaited', () => {
  test('what was sent comes to its end, the rest is not sent, and then the next has the connection', async () => {
    const connection = await pool.getConnection()
    const order: string[] = []
    const first = connection.query('SELECT SLEEP(0.1)').then(() => order.push('first'))
    const second = connection.query(INSERT)
    connection.release()
    const next = pool.query('SELECT 1').then(() => order.push('next'))
    await expect(second).rejects.toMatchObject({ code: 'CONNECTION_RELEASED', outcome: 'not-sent' })
    expect(pool.stats()).toMatchObject({ resetting: 1, idle: 0 })
    await Promise.all([first, next])
    expect(order).toEqual(['first', 'next'])
    expect(pool.stats().opened).toBe(1)
    expect(await notes()).toEqual([])
  })

  test('one that does not end within a second is given up with its connection', async () => {
    const connection = await pool.getConnection()
    const endless = connection.query('SELECT SLEEP(20)')
    connection.release()
    await expect(endless).rejects.toMatchObject({
      code: 'CONNECTION_RELEASED',
      cause: expect.objectContaining({ code: 'ER_QUERY_INTERRUPTED' }),
    })
    await pool.query('SELECT 1')
    expect(pool.stats().opened).toBe(2)
  })
})

describe('a value that throws when it is read', () => {
  const unreadable = {
    get value(): never {
      throw new Error('unreadable')
    },
  }

  test('fails its statement, and the connection goes to the next', async () => {
    const running = pool.query('SELECT SLEEP(0.05)')
    const waiting = [pool.query('SELECT ?', [unreadable as never]), pool.query('SELECT 1')]
    const settled = await Promise.allSettled([running, ...waiting])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })

  test('does so five thousand times in a row', async () => {
    const running = pool.query('SELECT SLEEP(0.05)')
    const waiting = Array.from({ length: 5000 }, () => pool.query('SELECT ?', [unreadable as never]))
    const settled = await Promise.allSettled(waiting)
    expect(settled.every(({ status }) => status === 'rejected')).toBe(true)
    await running
    expect(pool.stats()).toMatchObject({ idle: 1, opened: 1 })
  })
})
