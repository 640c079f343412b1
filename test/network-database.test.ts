import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { type Connection, createConnection } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { Network } from '../local/src/network/network.ts'
import { databaseForFile } from './support/database.ts'
import { quiet, time } from './support/network.ts'

const server = databaseForFile()

async function opened(): Promise<{ network: Network; connection: Connection }> {
  const network = await Network.to(server.current)
  onTestFinished(() => network[Symbol.asyncDispose]())
  const connection = await createConnection(network.url(server.current.url))
  connection.on('error', () => {})
  return { network, connection }
}

test('a connection is found in the server’s process list by its port', async () => {
  const { network } = await opened()
  const hosts = (await server.current.connections()).map(({ Host }) => Host.split(':').at(-1))
  expect(hosts).toEqual(network.connections.map(({ serverPort }) => String(serverPort)))
})

test('a connection killed while frozen looks alive until the thaw, and as long after it as is asked for', async () => {
  const { network, connection } = await opened()
  const lost = once(connection, 'end')
  let heard = false
  void lost.then(() => {
    heard = true
  })
  network.freeze()
  await server.current.killConnections()
  await quiet()
  expect(heard).toBe(false)
  network.thaw(50)
  expect(await time(() => lost)).toBeGreaterThanOrEqual(45) // timers count from the beginning of their turn
})

test('a program is not kept from ending by what was under way when its network was disposed of', async () => {
  const program = `
    import { connect, createServer } from 'node:net'
    import { once } from 'node:events'
    import { Network } from '${new URL('../local/src/network/network.ts', import.meta.url)}'
    const server = createServer((socket) => socket.resume()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const network = await Network.to({ host: '127.0.0.1', port: server.address().port })
    const client = connect(network.port, '127.0.0.1', () => client.write('asked')).on('error', () => {})
    while (network.toServer.bytes < 5) {
      network.toServer.delay = 3_600_000
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    network.thaw(3_600_000)
    await network[Symbol.asyncDispose]()
    server.close()
  `
  const args = ['--input-type=module-typescript', '--eval', program]
  await promisify(execFile)(process.execPath, args, { timeout: 10_000, killSignal: 'SIGKILL' })
})
