/**
 * Random trees of transactions: nested, side by side, failing, with failures swallowed, not awaited. What is in the table after
 * each is what a simple model says. In some runs the connection is killed in the middle: then it is all of that, or nothing.
 *
 * A failure tells its seed and path; `SEED=1 RUN_PATH=2:3 npx vitest run test/transaction-model.test.ts` repeats the tree, though
 * not the moments of a real server. RUNS says how many there are.
 */
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createPool, type Transaction } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'
import { outcomeOf, type Tree, TreeRun, trees } from './support/transaction-trees.ts'

const { SEED, RUN_PATH, RUNS = '100' } = process.env
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }
const enough = Number(RUNS) >= 100 && !replay.path
const PATIENCE = 600_000
/** A failure is made smaller for so long. Milliseconds. */
const limits = { interruptAfterTimeLimit: PATIENCE / 10, markInterruptAsFailure: true }

const server = databaseForFile()
let proxy: TcpProxy

beforeAll(async () => {
  await server.current.query('CREATE TABLE t (id INT PRIMARY KEY)')
  await server.current.query('CREATE TABLE beside LIKE t')
  proxy = await TcpProxy.to(server.current)
  vi.spyOn(console, 'warn').mockReturnValue(undefined) // of what runs beside a transaction
})
afterAll(() => proxy[Symbol.asyncDispose]())

async function ids(from: string): Promise<number[]> {
  return (await server.current.query(`SELECT id FROM ${from} ORDER BY id`)).map(({ id }) => id)
}

/** Runs a tree and tells what came of it. @param killAt which insert, or the end, the connection is killed at; none is Infinity */
async function run(tree: Tree, killAt: number) {
  await server.current.query('DELETE FROM t')
  await server.current.query('DELETE FROM beside')
  await server.current.query('INSERT INTO t VALUES (0)')
  const sentBefore = proxy.commands.length
  await using pool = createPool({
    connection: proxy.url(server.current.url),
    connectionLimit: 2,
    onLeak: 'ignore',
  })
  let [thread, count] = [0, 0]
  let killing: Promise<unknown> | undefined
  const treeRun = new TreeRun(pool, () => {
    if (count++ === killAt) killing = server.current.query('KILL ?', [thread]).catch(() => {}) // it may be gone
  })
  const told = await treeRun.take(tree, async (tx: Transaction) => {
    const [[row]] = await tx.query('SELECT CONNECTION_ID() AS id')
    thread = row?.id
  })
  await killing
  const kept = await ids('t WHERE id > 0')
  const beside = await ids('beside')
  return {
    told,
    kept,
    lost: treeRun.beside.filter((id) => !beside.includes(id)),
    committing: proxy.commands.slice(sentBefore).some(({ text }) => text === 'COMMIT'),
    killed: killing !== undefined,
  }
}

test(
  'what is kept is what the model says',
  async () => {
    const ends = { fulfilled: 0, rejected: 0 }
    const property = fc.asyncProperty(trees, async (tree) => {
      const { told, kept, lost } = await run(tree, Number.POSITIVE_INFINITY)
      const { rows, fails } = outcomeOf(tree.steps)
      const undone = fails || tree.throws
      expect(told.status).toBe(undone ? 'rejected' : 'fulfilled')
      expect(kept).toEqual(undone ? [] : rows.sort((a, b) => a - b))
      expect(lost).toEqual([])
      ends[told.status]++
    })
    await fc.assert(property, { ...replay, ...limits, numRuns: Number(RUNS) })
    if (enough) for (const [end, times] of Object.entries(ends)) expect(times, end).toBeGreaterThan(10)
  },
  PATIENCE,
)

test(
  'whenever the connection is killed, it is all or nothing, and as it is told',
  async () => {
    const met = new Map<string, number>()
    const property = fc.asyncProperty(trees, fc.nat(8), async (tree, killAt) => {
      const { told, kept, lost, committing, killed } = await run(tree, killAt)
      const rows = outcomeOf(tree.steps).rows.sort((a, b) => a - b)
      const unknown = told.status === 'rejected' && told.reason?.code === 'COMMIT_UNKNOWN'
      if (told.status === 'fulfilled') expect(kept).toEqual(rows)
      else if (unknown && kept.length > 0) expect(kept).toEqual(rows)
      else expect(kept).toEqual([])
      if (unknown) expect({ committing, killed }).toEqual({ committing: true, killed: true })
      expect(lost).toEqual([])
      if (killed) met.set(told.status, (met.get(told.status) ?? 0) + 1)
    })
    // What a server does is not repeated exactly, so there is no point in looking for a smaller case.
    await fc.assert(property, { ...replay, numRuns: Number(RUNS), endOnFailure: true })
    if (enough) expect(met.get('rejected'), 'killed and rejected').toBeGreaterThan(10)
  },
  PATIENCE,
)
