/**
 * Random programs of statements and transactions, some of them side by side, while their connections are cut at random bytes.
 *
 * A failure tells its seed and path; `SEED=1 RUN_PATH=2:3 npx vitest run test/at-most-once-programs.test.ts` repeats the program,
 * though not the moments of a real server. RUNS says how many there are.
 */
import fc from 'fast-check'
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { createPool } from '../src/index.ts'
import { type Call, type Program, programs, runProgram } from './support/cut-programs.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'
import { countNotes, howOften, wordFor, wrongAbout } from './support/told-and-done.ts'

const { SEED, RUN_PATH, RUNS = '100' } = process.env
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }
const server = databaseForFile()

beforeAll(() => server.current.query('CREATE TABLE notes (note CHAR(8) NOT NULL, KEY (note))'))
beforeEach(() => {
  // No pauses between attempts to connect.
  vi.spyOn(Math, 'random').mockReturnValue(0)
})
afterEach(() => vi.restoreAllMocks())

test('whatever is cut, all is applied at most once, and as its caller is told', async () => {
  const met = new Map<string, number>()
  const property = fc.asyncProperty(programs, async (program) => {
    const calls = await judged(program)
    expect(calls.filter(({ wrong }) => wrong)).toEqual([])
    for (const { said } of calls) met.set(said, (met.get(said) ?? 0) + 1)
  })
  await fc.assert(property, { ...replay, numRuns: Number(RUNS) })
  // The cuts have been worth the trouble.
  if (Number(RUNS) < 100 || replay.path) return
  for (const said of [
    'unknown, applied 0×',
    'unknown, applied 1×',
    'not-sent, applied 0×',
    'done, applied 1×',
  ])
    expect(met.get(said), said).toBeGreaterThan(0)
}, 600_000)

async function judged(program: Program) {
  await using proxy = await TcpProxy.to(server.current)
  const { connectionLimit } = program
  await using pool = createPool({ connection: proxy.url(server.current.url), connectionLimit })
  const calls = await runProgram(pool, proxy, program)
  await pool.query('SELECT 1')
  await pool.end()
  expect(proxy.mostConnections).toBeLessThanOrEqual(connectionLimit)
  const times = await countNotes(
    server.current,
    calls.flatMap(({ notes }) => notes),
  )
  return calls.map((call) => judge(call, times))
}

function judge({ told, notes, never }: Call, times: Map<string, number>) {
  const insertion = { told, rows: notes.map((note) => times.get(note) as number) }
  const said = `${wordFor(told)}, ${howOften(insertion)}`
  const applied = never && insertion.rows.some((count) => count > 0)
  return { said, told, wrong: wrongAbout(insertion) ?? (applied ? said : undefined) }
}
