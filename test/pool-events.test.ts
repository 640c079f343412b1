import { afterEach, beforeEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
beforeEach(() => {
  pool = createPool({ connection: server.current.url, connectionLimit: 1 })
})
afterEach(() => pool.end())

const NAMES = ['connection', 'acquire', 'release', 'enqueue'] as const
type Emitter = Pick<NodeJS.EventEmitter, 'on'>

/** What is emitted from now on, each with its thread. */
function listen(emitter: Emitter): [string, number?][] {
  const events: [string, number?][] = []
  for (const name of NAMES)
    emitter.on(name, (connection?: { threadId: number }) =>
      events.push(connection ? [name, connection.threadId] : [name]),
    )
  return events
}

test('events tell a connection’s way through the pool', async () => {
  const events = listen(pool)
  const first = await pool.getConnection()
  const { threadId } = first
  expect(events).toEqual([
    ['connection', threadId],
    ['acquire', threadId],
  ])

  const waiting = pool.query('SELECT 1')
  expect(events.slice(2)).toEqual([['enqueue']])
  first.release()
  await waiting
  expect(events.slice(3)).toEqual([
    ['release', threadId],
    ['acquire', threadId],
    ['release', threadId],
  ])
})

test('the callback pool and a second handle on the same pool emit the same', async () => {
  const second = createPool({ connection: server.current.url, connectionLimit: 1 })
  const seen = [listen(pool), listen(pool.pool), listen(second)]
  await pool.query('SELECT 1')
  expect(seen[0]).toHaveLength(3)
  expect(seen[1]).toEqual(seen[0])
  expect(seen[2]).toEqual(seen[0])
  await second.end()
})

test('a listener that is taken away hears nothing more', async () => {
  let heard = 0
  const listener = () => heard++
  pool.on('acquire', listener)
  await pool.query('SELECT 1')
  pool.off('acquire', listener)
  await pool.query('SELECT 1')
  pool.once('acquire', listener)
  await pool.query('SELECT 1')
  await pool.query('SELECT 1')
  expect(heard).toBe(2)
})
