/**
 * A few of the cycles of `npm run soak -- thaw`, which plays 10 000. A failure tells its seed;
 * `SEED=7 npx vitest run test/soak-thaw.test.ts` plays the same cycles.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { bundle } from '../local/src/function/bundle.ts'
import { seed as seedShop } from '../scripts/seed.ts'
import { readOptions } from '../soak/options.ts'
import { soakCycles } from '../soak/thaw/cycles.ts'
import { silences } from '../soak/thaw/silence.ts'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const CYCLES = 24
const SILENCES = 1
/** What a connection may need on a busy machine, beyond the 500 ms for which a silent one is waited for; milliseconds. */
const SLOW = 2000

const server = databaseForFile()
const directory = new GuardedDirectory()
let handler: string
beforeAll(async () => {
  await using pool = createPool({ connection: server.current.url })
  await seedShop(pool)
  handler = (await bundle(join(import.meta.dirname, '../soak/thaw/handlers/warmpool.ts'), directory.path))
    .file
})
afterAll(() => directory.remove())

describeUnderEachRuntime((runtime) => {
  const enough = () => false

  test('no invocation fails, whatever became of one connection or of two while frozen', async () => {
    const player = { handler, runtime, database: server.current }
    const counts = await soakCycles(player, { seed, times: CYCLES, enough, tell: () => {} })
    const failed = Object.entries(counts).filter(([, count]) => count.failed > 0)
    expect(failed, `of seed ${seed}`).toEqual([])
    expect(Object.values(counts).reduce((sum, { times }) => sum + times, 0)).toBe(2 * CYCLES)
  })

  test('connections that fell silent while frozen are replaced within the same invocation', async () => {
    const player = { handler, runtime, database: server.current }
    const { failed, took } = await silences(player, { times: SILENCES, connects: 0, enough })
    expect(failed).toBe(0)
    expect(took).toHaveLength(SILENCES)
    expect(took[0]).toBeGreaterThan(400) // or nothing was silent
    expect(took.at(-1)).toBeLessThan(500 + SLOW)
  })
})

test.each([
  [[], 'What to soak: received nothing; accepted: one of thaw, failover, shutdown.'],
  [['thaw', 'twice'], 'What to soak: received thaw twice; accepted: one of thaw, failover, shutdown.'],
  [['thaw', '--cycles', '0'], '--cycles: received 0; accepted: a whole number from 1 on.'],
  [['thaw', '--seed', ''], '--seed: received ; accepted: a whole number from 0 on.'],
])('a soak that is told %j says in one sentence what it accepts', (args, sentence) => {
  expect(() => readOptions(args)).toThrow(sentence)
})
