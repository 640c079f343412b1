import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLEAN, cleanupOf, effectOf } from '../src/policy/session.ts'
import { databaseForFile } from './support/database.ts'
import { statements } from './support/generated-statements.ts'
import { difference, SessionObserver, type SessionState } from './support/session-observer.ts'

const RUNS = 500

const server = databaseForFile()
let observer: SessionObserver
let unused: SessionState

async function openSession(): Promise<void> {
  observer = await SessionObserver.open(server.current)
  await observer.reset()
}

beforeEach(async () => {
  await openSession()
  unused = await observer.look()
})
afterEach(() => observer[Symbol.asyncDispose]())

test('looking at a session changes nothing', async () => {
  expect(difference(unused, await observer.look())).toEqual([])
})

test('no text that changed its session is clean, and its cleaning is enough', async () => {
  const count = { clean: 0, changed: 0, failed: 0 }
  const property = fc.asyncProperty(statements, async (sql) => {
    const effect = effectOf(sql)
    const { told, error } = await observer.run(sql)
    const changes = [...difference(unused, await observer.look()), ...told]
    await clean(sql)
    const left = difference(unused, await observer.look())
    if (left.length > 0) await replace()
    if (effect === CLEAN) count.clean++
    if (changes.length > 0) count.changed++
    if (error) count.failed++
    if (effect === CLEAN) expect(changes).toEqual([])
    expect(left).toEqual([])
  })
  await fc.assert(property, { numRuns: RUNS })
  // The statements have been worth the trouble.
  expect(count.clean).toBeGreaterThan(RUNS / 10)
  expect(count.changed).toBeGreaterThan(RUNS / 3)
  expect(count.failed).toBeLessThan(RUNS / 2)
}, 120_000)

async function clean(sql: string): Promise<void> {
  const cleanup = cleanupOf(effectOf(sql), false)
  if (cleanup === 'rollback') await observer.run('ROLLBACK')
  if (cleanup === 'reset') await observer.reset()
  if (cleanup === 'evict') await replace()
}

async function replace(): Promise<void> {
  await observer[Symbol.asyncDispose]()
  await openSession()
}
