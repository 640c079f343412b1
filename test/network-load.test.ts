import { describe, expect, test } from 'vitest'
import { networkForTest, time } from './support/network.ts'

const MEGABYTE = 1024 * 1024

const ways = networkForTest()
const { connected, dialed, come } = ways

describe('a client that does not read', () => {
  const LONG = 'x'.repeat(32 * MEGABYTE)

  test('has no more than some megabytes under way, and all of it, once and in order, when it reads', async () => {
    const { client, peer } = await connected()
    client.socket.pause()
    peer.send(LONG)
    peer.socket.end('end')
    await settled(() => ways.network.toClient.bytes)
    expect(ways.network.toClient.bytes).toBeLessThan(20 * MEGABYTE)
    client.socket.resume()
    await client.ends('FIN')
    expect(client.received.length).toBe(LONG.length + 3)
    expect(client.received.endsWith('xend')).toBe(true)
  })

  test('and has closed its own half gets all that the server says before it closes, too', async () => {
    const { client, peer } = await connected()
    client.socket.pause()
    client.socket.end()
    await peer.ends('FIN')
    peer.socket.end('x'.repeat(6 * MEGABYTE)) // more than the kernel has room for, and so little that the server is through with it
    await settled(() => ways.network.toClient.bytes)
    client.socket.resume()
    await client.ends('FIN')
    expect(client.received.length).toBe(6 * MEGABYTE)
  })

  test('does not keep the server from being told of a cut', async () => {
    const { client, peer } = await connected()
    client.socket.pause()
    peer.send(LONG)
    await settled(() => ways.network.toClient.bytes)
    ways.network.cut('FIN')
    await peer.ends('FIN')
    client.socket.destroy()
    peer.socket.destroy()
    await expect.poll(() => ways.network.connections).toEqual([])
  })
})

test('no more than some megabytes of a connection are held up, and all of them come', async () => {
  const { client, peer } = await connected()
  ways.network.toServer.hold()
  client.send('x'.repeat(32 * MEGABYTE))
  client.socket.end()
  await settled(() => ways.network.toServer.bytes)
  expect(ways.network.toServer.bytes).toBeLessThan(20 * MEGABYTE)
  ways.network.toServer.letGo()
  await peer.ends('FIN')
  expect(peer.received.length).toBe(32 * MEGABYTE)
})

describe('a connection that was cut', () => {
  test('takes no bandwidth from the others', async () => {
    ways.network.toClient.bandwidth = 200_000
    for (let count = 0; count < 5; count++) (await connected()).peer.send('x'.repeat(100_000))
    await come('toClient', 500_000)
    ways.network.cut()
    const { client, peer } = await connected()
    peer.send('y'.repeat(100_000))
    // 500 ms alone; shared with the dead ones it would be three seconds.
    expect(await time(() => client.hears('y'.repeat(100_000)))).toBeLessThan(1800)
  })

  test('does not count for a cut after so many bytes', async () => {
    const { client } = await connected()
    ways.network.toServer.hold()
    client.send('x'.repeat(5000))
    await come('toServer', 5000)
    ways.network.cut()
    await client.ends('ECONNRESET')
    const cut = ways.network.cutAfter(1000, 'toServer', 'FIN')
    const other = await dialed()
    other.send('y'.repeat(1001))
    await come('toServer', 6001)
    ways.network.toServer.letGo()
    other.socket.end()
    await cut
    const peer = await ways.server.end(2)
    await peer.ends('FIN')
    expect(peer.received).toBe('y'.repeat(1000))
  })
})

/** Resolves when it has not grown for a while. */
async function settled(size: () => number): Promise<void> {
  let before = -1
  await expect
    .poll(
      () => {
        const grown = size() !== before
        before = size()
        return grown
      },
      { interval: 50, timeout: 5000 },
    )
    .toBe(false)
}
