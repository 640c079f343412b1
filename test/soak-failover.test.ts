/**
 * A few of the events of `npm run soak -- failover`, which plays 10 000, without those that take seconds: test/server-comes-back.test.ts
 * has them. A failure tells its seed; `SEED=7 npx vitest run test/soak-failover.test.ts` plays the same ones.
 */
import { expect, test } from 'vitest'
import { drawn, EVENTS } from '../soak/failover/events.ts'
import { brokenBy } from '../soak/failover/played.ts'
import { playAll } from '../soak/failover.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1_000_000))
const EVENTS_PLAYED = 3
const QUICK = 20

test('containers lose no invocation after a failover, and no write', async () => {
  const events = drawn(seed, 100).filter(({ name }) => EVENTS[name].weight >= QUICK)
  const played = await playAll(events.slice(0, EVENTS_PLAYED), 0, { log: () => {} })
  expect(brokenBy(played), `of seed ${seed}`).toEqual([])
  const counts = Object.values(played.warmpool.counts)
  expect(counts.reduce((sum, { times }) => sum + times, 0)).toBeGreaterThanOrEqual(4 * EVENTS_PLAYED)
  expect(played.warmpool.written.acknowledged).toBeGreaterThan(EVENTS_PLAYED)
})
