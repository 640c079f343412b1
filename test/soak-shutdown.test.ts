/**
 * A few of the cycles of `npm run soak -- shutdown`, which plays 10 000. A failure tells its seed;
 * `SEED=7 npx vitest run test/soak-shutdown.test.ts` plays the same cycles.
 */
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { bundle } from '../local/src/function/bundle.ts'
import { endAfter, worksOf } from '../soak/shutdown/ends.ts'
import { databaseForFile } from './support/database.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const CONTAINERS = 2

const server = databaseForFile()
const directory = new GuardedDirectory()
let handler: string
beforeAll(async () => {
  await server.current.query('CREATE TABLE halves (run INT, half INT)')
  const source = join(import.meta.dirname, '../soak/shutdown/handlers/warmpool.ts')
  handler = (await bundle(source, directory.path)).file
})
afterAll(() => directory.remove())

describeUnderEachRuntime((runtime) => {
  test('however containers end, the server is soon rid of their connections, and no transaction is half done', async () => {
    const containers = { handler, runtime, database: server.current }
    const [orderly, killed] = await Promise.all([
      endAfter(worksOf(seed, 0, CONTAINERS), 'shut down', containers),
      endAfter(worksOf(seed, CONTAINERS, CONTAINERS), 'killed', containers),
    ])
    for (const { open, left, failed } of [orderly, killed]) {
      expect({ left, failed }, `of seed ${seed}`).toEqual({ left: 0, failed: 0 })
      expect(open).toBeGreaterThanOrEqual(CONTAINERS)
    }
    const half = await server.current.query('SELECT run FROM halves GROUP BY run HAVING COUNT(*) = 1')
    expect(half, `of seed ${seed}`).toEqual([])
  })
})
