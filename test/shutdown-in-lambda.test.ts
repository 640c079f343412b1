import { beforeAll, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const server = databaseForFile()
const functions = functionsOf({
  with: 'test/support/shutdown-extension-handler.ts',
  without: 'test/support/shutdown-handler.ts',
})

beforeAll(() => server.current.query('CREATE TABLE notes (run VARCHAR(20), i INT)'))
const notesOf = async (run: string) =>
  (await server.current.query('SELECT i FROM notes WHERE run = ? ORDER BY i', [run])).map(({ i }) => i)

describeUnderEachRuntime((runtime) => {
  const start = () => functions.start('with', { runtime, database: server.current, timeout: 20_000 })

  // Nothing comes from a container that has been shut down: the network before it is dark.

  test('a container that is shut down leaves no connection at the server, out of a freeze too', async () => {
    const lambda = await start()
    const run = `left ${runtime}`
    expect(await lambda.invoke({ do: 'leave', run })).toMatchObject({ ok: true })
    expect(await lambda.invoke({ do: 'open' })).toMatchObject({ ok: true })
    expect(await lambda.connections()).toHaveLength(2)
    await lambda.freeze()
    await lambda.shutdown()
    await expect.poll(() => lambda.connections(), { timeout: 1000 }).toEqual([])
    expect(await notesOf(run)).toEqual([])
  })

  // SIGTERM alone: on a busy machine 500 ms are soon over.
  test.each([
    ['that can end in time is committed', 0.05, [1, 2], 'committed'],
    ['that cannot is stopped and rolled back', 60, [], 'stopped: POOL_ENDED'],
  ])('a transaction under way at SIGTERM %s', async (_what, seconds, rows, told) => {
    const lambda = await start()
    const run = `${seconds} ${runtime}`
    expect(await lambda.invoke({ do: 'half', run, seconds })).toMatchObject({ ok: true })
    process.kill(lambda.containers[0]?.pid as number, 'SIGTERM')
    await expect.poll(() => lambda.output, { timeout: 10_000 }).toContain(told)
    await expect.poll(() => lambda.connections(), { timeout: 10_000 }).toEqual([])
    expect(await notesOf(run)).toEqual(rows)
  })
})

test('without it they stay, until the server’s own time for them is over', async () => {
  const lambda = await functions.start('without', {
    runtime: 'loop',
    database: server.current,
    env: { LEASE_SECONDS: '1' },
  })
  await lambda.invoke({ do: 'open' })
  await lambda.shutdown()
  expect(await lambda.connections()).toHaveLength(2)
  await expect.poll(() => lambda.connections(), { timeout: 10_000 }).toEqual([])
})
