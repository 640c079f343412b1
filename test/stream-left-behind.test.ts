import { once } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPool, type Pool, type RowStream } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  pool = createPool({ connection: server.current.url, connectionLimit: 1 })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end()
})

/** An invocation that returns while its stream is held back half-way. */
async function leaveBehind(open: () => Promise<RowStream>): Promise<RowStream> {
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const stream = await open()
    await once(stream, 'readable')
    return stream
  })
  return handler({}, contextFor())
}

const ways: [string, () => Promise<RowStream>][] = [
  ['the pool', async () => pool.stream('SELECT seq FROM seq_1_to_100000')],
  ['a connection', async () => (await pool.getConnection()).stream('SELECT seq FROM seq_1_to_100000')],
]

test.each(ways)(
  'a stream of %s that nobody listens to is closed without ending the process',
  async (_, open) => {
    const stream = await leaveBehind(open) // an `error` event here would be an uncaught exception, and fail the run
    await vi.waitFor(() => expect(stream.closed).toBe(true))
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  },
)

test.each(ways)('a stream of %s that somebody reads says why it ended', async (_, open) => {
  const failed = Promise.withResolvers<unknown>()
  await leaveBehind(async () => (await open()).on('error', failed.resolve))
  expect(await failed.promise).toMatchObject({ code: 'INVOCATION_ENDED' })
})

test('a stream of an ended handle fails, whatever other handles there are', async () => {
  const other = createPool({ connection: server.current.url, connectionLimit: 1 })
  await pool.end()
  await expect(pool.stream('SELECT 1').toArray()).rejects.toMatchObject({ code: 'POOL_ENDED' })
  expect(await other.stream('SELECT 1 AS one').toArray()).toEqual([{ one: 1 }])
  await other.end()
})
