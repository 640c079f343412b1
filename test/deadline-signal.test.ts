import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { atDeadline } from './support/at-deadline.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const MARGIN = 300

const server = databaseForFile()
let pool: Pool

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  pool = createPool({ connection: server.current.url, deadlineMargin: MARGIN, onLeak: 'ignore' })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end({ timeout: 100 })
})

describe('the signal of an invocation', () => {
  test('aborts at the deadline, with the reason, and is the same each time', async () => {
    const seen: AbortSignal[] = []
    const handler = middy()
      .use(mysqlPool({ pool }))
      .handler(async (_event, { db }) => {
        seen.push(db.signal, pool.signal)
        await new Promise((resolve) => db.signal.addEventListener('abort', resolve))
        seen.push(db.signal)
      })
    await handler({}, contextFor(MARGIN + 100))
    expect(new Set(seen).size).toBe(1)
    expect(seen[0]?.reason).toMatchObject({ code: 'DEADLINE_EXCEEDED', statusCode: 504 })
  })

  test('stops what else the handler waits for', async () => {
    const { error, left } = await atDeadline(pool, MARGIN, () => {
      const { signal } = pool
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    expect(error).toMatchObject({ code: 'DEADLINE_EXCEEDED' })
    expect(left).toBeGreaterThan(0)
  })

  test('has aborted for who looks after the deadline', async () => {
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      await pool.query('SELECT SLEEP(20)').catch(() => {})
      return pool.signal
    })
    const signal = await handler({}, contextFor(MARGIN + 100))
    expect(signal).toMatchObject({ aborted: true, reason: { code: 'DEADLINE_EXCEEDED' } })
  })

  test('has aborted for what looks when its invocation, whose time was up, has ended', async () => {
    const ended = Promise.withResolvers<void>()
    let left: Promise<AbortSignal> | undefined
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      left = ended.promise.then(() => pool.signal)
      await pool.query('SELECT SLEEP(20)').catch(() => {})
    })
    await handler({}, contextFor(MARGIN + 100))
    ended.resolve()
    expect((await left)?.aborted).toBe(true)
  })

  test('does not abort at a normal end, nor after it', async () => {
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      await pool.query('SELECT 1')
      return pool.signal
    })
    const signal = await handler({}, contextFor(MARGIN + 50))
    await sleep(100)
    expect(signal.aborted).toBe(false)
  })

  test('is not made where nobody looks', async () => {
    let made = 0
    vi.stubGlobal(
      'AbortController',
      class extends AbortController {
        constructor() {
          super()
          made++
        }
      },
    )
    const handler = pool.wrap(async (look: boolean, _context: unknown) => {
      await pool.query('SELECT 1')
      if (look) pool.signal.throwIfAborted()
    })
    await handler(false, contextFor())
    const opening = made
    await handler(false, contextFor())
    expect(made).toBe(opening)
    await handler(true, contextFor())
    expect(made).toBe(opening + 1)
    vi.unstubAllGlobals()
  })
})
