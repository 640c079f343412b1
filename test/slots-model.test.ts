/**
 * Random runs over the slots: once with simulated links in virtual time, where every answer is a step of its own, and once
 * through the public API on a server.
 *
 * A failure tells its seed, path and replayPath. Simulated, it is repeated exactly by
 * `SEED=1 RUN_PATH=2:3 REPLAY=AB:C npx vitest run test/slots-model.test.ts -t links`; on a server only its steps are.
 * RUNS and SERVER_RUNS say how many runs there are.
 */
import fc from 'fast-check'
import { afterEach, beforeAll, test, vi } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { commonSteps } from './support/slots-model/commands.ts'
import { EventLoop } from './support/slots-model/event-loop.ts'
import { ServerWorld } from './support/slots-model/server-world.ts'
import { simulatedSteps } from './support/slots-model/simulated-steps.ts'
import { SimulatedWorld } from './support/slots-model/simulated-world.ts'
import { makeTraceable } from './support/slots-model/traces.ts'

const { SEED, RUN_PATH, REPLAY, RUNS = '300', SERVER_RUNS = '15' } = process.env
const only = REPLAY === undefined ? {} : { replayPath: REPLAY }
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }
/** However many runs are asked for. Milliseconds. */
const PATIENCE = 600_000

function restore() {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
}
afterEach(restore)

const rules = fc.record({
  connectionLimit: fc.integer({ min: 1, max: 3 }),
  queueLimit: fc.constantFrom(0, 0, 2),
  sessionReset: fc.constantFrom('dirty', 'dirty', 'always', 'never'),
  proxied: fc.boolean(),
  idleTimeout: fc.constant(60_000),
  maxLifetime: fc.constant(150_000),
  validateAfter: fc.constant(15_000),
  validateTimeout: fc.constant(500),
})

test(
  'on simulated links',
  async () => {
    const steps = fc.commands([fc.oneof(...simulatedSteps())], { maxCommands: 100, size: 'max', ...only })
    const run = fc.asyncProperty(rules, steps, async (limits, commands) => {
      const loop = new EventLoop()
      loop.install()
      const world = new SimulatedWorld(loop, limits)
      try {
        await fc.asyncModelRun(() => ({ model: world.ledger, real: world }), commands)
        await world.conclude()
      } finally {
        restore()
      }
    })
    await fc.assert(run, { ...replay, numRuns: Number(RUNS) })
  },
  PATIENCE,
)

const server = databaseForFile()
beforeAll(() => makeTraceable(server.current))

test(
  'on a server',
  async () => {
    const steps = fc.commands([fc.oneof(...commonSteps<ServerWorld>())], {
      maxCommands: 60,
      size: 'max',
      ...only,
    })
    const limit = fc.integer({ min: 1, max: 3 })
    const run = fc.asyncProperty(limit, steps, async (connectionLimit, commands) => {
      const world = new ServerWorld(server.current, connectionLimit)
      try {
        await fc.asyncModelRun(() => ({ model: world.ledger, real: world }), commands)
      } finally {
        await world.conclude()
        restore()
      }
    })
    // What a server does is not repeated exactly, so there is no point in looking for a smaller case.
    await fc.assert(run, { ...replay, numRuns: Number(SERVER_RUNS), endOnFailure: true })
  },
  PATIENCE,
)
