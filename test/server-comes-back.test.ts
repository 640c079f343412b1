import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'
import { Traffic } from './support/traffic.ts'

const server = databaseForFile()
let network: TcpProxy
let pool: Pool
beforeAll(async () => {
  await server.current.query('CREATE TABLE notes (id INT PRIMARY KEY)')
})
beforeEach(async () => {
  network = await TcpProxy.to(server.current)
  pool = createPool({ connection: network.url(server.current.url), onLeak: 'ignore' })
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await network[Symbol.asyncDispose]()
})

const outages: Record<string, () => Promise<void>> = {
  'killed and started again': async () => {
    await server.current.kill()
    await server.current.start()
  },
  'restarted in good order': () => server.current.restart(),
  'cut off by a network that lets nothing through for a while': async () => {
    network.blackhole()
    await sleep(800)
    network.heal()
  },
}

test.each(Object.entries(outages))(
  'a server that was %s costs no invocation that begins after its return',
  async (_, outage) => {
    await using traffic = new Traffic(pool, ['read', 'transaction', 'write'])
    await traffic.successes(6)
    await outage()
    const [back, opened] = [performance.now(), network.opened]
    await traffic.successes(1, back)
    expect(network.opened - opened).toBeLessThanOrEqual(2) // the first attempt after that
    await traffic.successes(6, back)
    await traffic[Symbol.asyncDispose]()
    expect(traffic.since(back).filter(({ error }) => error)).toEqual([])
    const notes = (await server.current.query('SELECT id FROM notes')).map(({ id }) => id)
    expect(notes).toEqual(expect.arrayContaining(traffic.acknowledged))
  },
)

test('whether it is a writer is read from its answer, whatever the program makes of answers', async () => {
  await server.current.query('CREATE TABLE IF NOT EXISTS written (id INT AUTO_INCREMENT PRIMARY KEY)')
  await using own = createPool({
    name: 'own',
    connection: { uri: network.url(server.current.url), typeCast: () => 'x' },
  })
  await own.query('INSERT INTO written VALUES ()')
  const { opened } = network
  await server.current.killConnections()
  expect((await own.query('SELECT 1'))[0]).toEqual([{ 1: 'x' }])
  expect(network.opened - opened).toBe(1) // it was not taken for a reader
})
