import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, expect } from 'vitest'
import { Network } from '../../local/src/network/network.ts'
import { dial, type End, SilentServer } from './tcp-ends.ts'

/** Longer than anything takes that is not held up; milliseconds. What does not happen cannot be awaited. */
const QUIET = 40

/** Before each test a server, and a network before it; gone after it. */
export function networkForTest() {
  let server: SilentServer
  let network: Network
  const clients: End[] = []
  beforeEach(async () => {
    server = await SilentServer.start()
    network = await Network.to(server)
  })
  afterEach(async () => {
    for (const { socket } of clients.splice(0)) socket.destroy()
    await network[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  const dialed = async () => {
    const client = await dial(network.port)
    clients.push(client)
    return client
  }
  return {
    get server() {
      return server
    },
    get network() {
      return network
    },
    dialed,
    /** Both ends of a new connection. */
    connected: async () => ({ client: await dialed(), peer: await server.end(clients.length) }),
    /** Resolves when so many bytes have come to the network. */
    come: (way: 'toServer' | 'toClient', bytes: number) =>
      expect.poll(() => network[way].bytes, { interval: 1 }).toBe(bytes),
  }
}

/** Time enough for what must not happen. */
export async function quiet(): Promise<void> {
  await sleep(QUIET)
}

/** Milliseconds that `act` takes. */
export async function time(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await act()
  return performance.now() - start
}
