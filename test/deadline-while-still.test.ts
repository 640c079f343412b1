import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

// The event loop stands still over the deadline: a starved container, a long computation, a freeze in the middle. When it
// goes on, answers that have come are seen before the timers that are due, and nothing may start by them.

const server = databaseForFile({ tls: false })
let pool: Pool
beforeAll(async () => {
  await server.current.query('CREATE TABLE warmpool.written (what VARCHAR(20))')
})
afterEach(() => pool.end())

const SLOW = 'SELECT SLEEP(0.05)'
const INSERT = 'INSERT INTO warmpool.written VALUES (?)'
const told = (promise: Promise<unknown>) =>
  promise.then(
    () => 'done',
    ({ code, outcome }) => `${code} ${outcome}`,
  )

/** The loop stands still when `first` is on its way, until after Lambda's own deadline. */
async function standStill(after = 20): Promise<void> {
  if (after > 0) await sleep(after)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
}

async function invoke(work: () => Promise<unknown>): Promise<unknown> {
  pool = createPool({ connection: server.current.url, connectionLimit: 1, deadlineMargin: 100 })
  await pool.query('SELECT 1')
  return pool.wrap(async (_event: unknown, _context: unknown) => work())({}, contextFor(400))
}

const written = () => server.current.query('SELECT what FROM warmpool.written')
const LATE = 'DEADLINE_EXCEEDED not-sent'

test('nothing that waited for a connection is sent', async () => {
  const words = await invoke(async () => {
    const slow = told(pool.query(SLOW))
    const waiting = [told(pool.query(INSERT, ['query'])), told(pool.execute(INSERT, ['execute']))]
    await standStill()
    await slow
    return Promise.all(waiting)
  })
  expect(words).toEqual([LATE, LATE])
  expect(await written()).toEqual([])
})

test('nothing that waited for its turn on a connection is sent, nor the COMMIT', async () => {
  const words = await invoke(async () => {
    let behind: Promise<string> | undefined
    const transaction = told(
      pool.transaction(async (tx) => {
        await tx.query(INSERT, ['before'])
        const slow = tx.query(SLOW)
        behind = told(tx.query(INSERT, ['behind']))
        await standStill()
        await slow
      }),
    )
    return [await transaction, await behind]
  })
  expect(words).toEqual([LATE, LATE])
  expect(await written()).toEqual([])
})

test('nothing that is asked for then is sent', async () => {
  const words = await invoke(async () => {
    await standStill()
    return Promise.all([told(pool.query(INSERT, ['query'])), told(pool.execute(INSERT, ['execute']))])
  })
  expect(words).toEqual([LATE, LATE])
  expect(await written()).toEqual([])
})

test('a statement that was only prepared in time is not executed', async () => {
  const words = await invoke(async () => {
    const prepared = told(pool.execute(`${INSERT} /* not prepared yet */`, ['execute']))
    await standStill(0)
    return prepared
  })
  expect(words).toEqual(LATE)
  expect(await written()).toEqual([])
})
