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
    const [run, container] = [`left ${runtime}`, () => lambda.containers[0]]
    expect(await lambda.invoke({ do: 'leave', run })).toMatchObject({ ok: true })
    expect(await lambda.invoke({ do: 'open' })).toMatchObject({ ok: true })
    expect(await lambda.connections()).toHaveLength(2)
    const printed = container()?.output
    await lambda.freeze()
    await lambda.shutdown()
    await expect.poll(() => lambda.connections(), { timeout: 1000 }).toEqual([])
    expect(await notesOf(run)).toEqual([])
    expect(printed).not.toContain('warmpool/shutdown')
  })

  test('a transaction under way at SIGTERM is committed if it can end in time, else rolled back, and never half', async () => {
    const under = async (run: string, seconds: number) => {
      const lambda = await start()
      expect(await lambda.invoke({ do: 'half', run, seconds })).toMatchObject({ ok: true })
      const [container] = lambda.containers
      await lambda.shutdown()
      await expect.poll(() => lambda.connections(), { timeout: 1000 }).toEqual([])
      return [container?.output.trim().split('\n').at(-1), await notesOf(run)]
    }
    const [short, long] = await Promise.all([under(`short ${runtime}`, 0.05), under(`long ${runtime}`, 60)])
    expect(short).toEqual([expect.stringMatching(/committed$/), [1, 2]])
    expect(long).toEqual([expect.stringMatching(/stopped: POOL_ENDED$/), []])
  })
})

test('without it they stay, until the server’s own time for them is over', async () => {
  const lambda = await functions.start('without', { runtime: 'loop', database: server.current })
  await lambda.invoke({ do: 'open' })
  await lambda.shutdown()
  expect(await lambda.connections()).toHaveLength(2)
  await expect.poll(() => lambda.connections(), { timeout: 10_000 }).toEqual([]) // wait_timeout is 1 s
})
