import { beforeEach, expect, test, vi } from 'vitest'
import { play } from '../bench/failures/play.ts'
import { SCENARIOS } from '../bench/failures/scenarios.ts'
import { databaseForFile } from './support/database.ts'

// The scenarios use the built package, as users do; what is tested is the source.
vi.mock('warmpool', () => import('../src/index.ts'))

const server = databaseForFile()
beforeEach(() => void vi.spyOn(console, 'warn').mockReturnValue()) // of the timeouts, which are meant

test.each(SCENARIOS.map((scenario) => [scenario.title, scenario] as const))(
  'what `npm run bench:failures` shows with peers does not happen: %s',
  async (_title, scenario) => {
    expect(await play(scenario, 'warmpool', server.current, 1)).toBe(0)
  },
)
