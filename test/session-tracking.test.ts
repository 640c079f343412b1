/**
 * Generated statements against the server's own tracking. A failure tells its seed:
 * `SEED=1 npx vitest run test/session-tracking.test.ts` repeats it.
 */
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { type Cleanup, cleanupOf, effectOf } from '../src/policy/session.ts'
import { databaseForFile } from './support/database.ts'
import { statements } from './support/generated-statements.ts'
import { difference, SessionObserver, type SessionState } from './support/session-observer.ts'

const RUNS = Number(process.env.RUNS ?? 5000)
const seed = Number(process.env.SEED ?? Date.now() % 1e9)
/** Of the statements that need a cleaning so many are run: a look at the session is the dear part. */
const CLEANED = Math.ceil(RUNS / 20)
/** Between two looks. */
const BATCH = 40

const server = databaseForFile()
const texts: Record<Cleanup, string[]> = { none: [], rollback: [], reset: [], evict: [] }
let observer: SessionObserver
let unused: SessionState

beforeAll(() => {
  for (const sql of fc.sample(statements, { numRuns: RUNS, seed }))
    texts[cleanupOf(effectOf(sql), false)].push(sql)
})
beforeEach(async () => {
  await openSession()
  unused = await observer.look()
})
afterEach(() => observer[Symbol.asyncDispose]())
afterAll(() =>
  console.log(
    `SEED=${seed}`,
    Object.entries(texts)
      .map(([what, { length }]) => `${what} ${length}`)
      .join(', '),
  ),
)

async function openSession(): Promise<void> {
  observer = await SessionObserver.open(server.current)
  await observer.reset()
}

test('looking at a session changes nothing', async () => {
  expect(difference(unused, await observer.look())).toEqual([])
})

test(
  'no text that changed its session is clean',
  async () => {
    const { failed } = await leftBy(texts.none, 'none')
    // The statements have been worth the trouble.
    expect(texts.none.length).toBeGreaterThan(RUNS / 5)
    expect(texts.none.length).toBeLessThan(RUNS / 2)
    expect(failed).toBeLessThan(texts.none.length / 4)
  },
  20_000 + 10 * RUNS,
)

test.each(['rollback', 'reset'] as const)(
  'what is said to need a %s is clean after it',
  async (cleanup) => {
    const { failed, told } = await leftBy(texts[cleanup].slice(0, CLEANED), cleanup)
    expect(told).toBeGreaterThan(10)
    expect(failed).toBeLessThan(CLEANED / 2)
  },
  60_000,
)

/** Runs and cleans, one after another in one session. */
async function leftBy(sqls: string[], cleanup: 'none' | 'rollback' | 'reset') {
  const count = { failed: 0, told: 0 }
  for (let at = 0; at < sqls.length; at += BATCH) {
    const batch = sqls.slice(at, at + BATCH)
    for (const sql of batch) {
      const { error, told } = await runAndClean(sql, cleanup)
      if (error) count.failed++
      if (told.length > 0) count.told++
      if (cleanup === 'none') expect([sql, ...told], `SEED=${seed}`).toEqual([sql])
    }
    if (difference(unused, await observer.look()).length > 0) await blame(batch, cleanup)
  }
  return count
}

/** Says which one it was. */
async function blame(batch: string[], cleanup: 'none' | 'rollback' | 'reset'): Promise<void> {
  for (const sql of batch) {
    await observer[Symbol.asyncDispose]()
    await openSession()
    await runAndClean(sql, cleanup)
    expect([sql, ...difference(unused, await observer.look())], `SEED=${seed}`).toEqual([sql])
  }
  throw new Error(
    `Together these changed the session, though none does by itself (SEED=${seed}): ${batch.join('\n')}`,
  )
}

async function runAndClean(sql: string, cleanup: 'none' | 'rollback' | 'reset') {
  const outcome = await observer.run(sql)
  if (cleanup === 'rollback') await observer.run('ROLLBACK')
  if (cleanup === 'reset') await observer.reset()
  return outcome
}
