import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { networkForTest, quiet, time } from './support/network.ts'

const ways = networkForTest()
const { connected, dialed, come } = ways

test('what either end says and how it ends comes to the other', async () => {
  const { client, peer } = await connected()
  client.send('asked')
  peer.send('answered')
  await peer.hears('asked')
  await client.hears('answered')
  expect([ways.network.toServer.bytes, ways.network.toClient.bytes]).toEqual([5, 8])
  client.socket.end()
  await peer.ends('FIN')
  peer.send(', late')
  await client.hears('answered, late')
  peer.socket.resetAndDestroy()
  await client.ends('ECONNRESET')
})

describe('delay', () => {
  test('is that of one way, and opening a connection takes the way to the server once', async () => {
    ways.network.toServer.delay = 60
    const opening = time(connected)
    expect(await opening).toBeGreaterThanOrEqual(59)
    const { client, peer } = await connected()
    const asking = time(() => peer.hears('asked'))
    client.send('asked')
    expect(await asking).toBeGreaterThanOrEqual(59)
  })

  test('that becomes shorter lets nothing overtake, not even the end', async () => {
    const { client, peer } = await connected()
    ways.network.toServer.delay = 60
    client.send('slow')
    await come('toServer', 4)
    ways.network.toServer.delay = 0
    client.send(', quick')
    client.socket.end()
    await come('toServer', 11)
    expect(peer).toMatchObject({ received: '', over: undefined })
    await peer.ends('FIN')
    expect(peer.received).toBe('slow, quick')
  })

  test('that becomes longer holds up only what comes after it', async () => {
    const { client, peer } = await connected()
    ways.network.toServer.delay = 60
    client.send('1')
    await come('toServer', 1)
    client.send('2')
    await come('toServer', 2)
    ways.network.toServer.delay = 3_600_000
    client.send('3')
    await come('toServer', 3)
    await peer.hears('12')
  })
})

describe('bandwidth', () => {
  const TEXT = 'x'.repeat(50_000)

  test('is what all connections have together', async () => {
    const pairs = [await connected(), await connected()]
    ways.network.toServer.bandwidth = 500_000
    const taken = await time(async () => {
      for (const { client } of pairs) client.send(TEXT)
      for (const { peer } of pairs) await peer.hears(TEXT)
    })
    expect(taken).toBeGreaterThanOrEqual(195)
    expect(taken).toBeLessThan(1500)
  })

  test('keeps what is said later behind what was said before', async () => {
    const { client, peer } = await connected()
    ways.network.toServer.bandwidth = 100_000
    client.send('1'.repeat(1500))
    await come('toServer', 1500)
    client.send('2'.repeat(1500))
    await peer.hears('1'.repeat(1500) + '2'.repeat(1500))
  })

  test('without a limit again lets the rest through at once, after what is under way', async () => {
    const { client, peer } = await connected()
    ways.network.toClient.bandwidth = 100_000
    peer.send(TEXT)
    await expect.poll(() => client.received.length, { interval: 1 }).toBeGreaterThan(0)
    expect(client.received.length).toBeLessThan(TEXT.length)
    ways.network.toClient.bandwidth = undefined
    expect(await time(() => client.hears(TEXT))).toBeLessThan(300)
  })

  test('made larger counts at once for what comes then, on all connections', async () => {
    const [one, other] = [await connected(), await connected()]
    ways.network.toServer.bandwidth = 0.01
    one.client.send('held up for 100 seconds')
    await come('toServer', 23)
    ways.network.toServer.bandwidth = 100_000
    other.client.send('quick')
    await other.peer.hears('quick')
  })
})

test('hold() lets nothing through, not even the end, on its way alone; letGo() lets it all through', async () => {
  const { client, peer } = await connected()
  ways.network.toClient.hold()
  peer.send('answered')
  peer.socket.end()
  client.send('asked')
  await peer.hears('asked')
  await quiet()
  expect(client).toMatchObject({ received: '', over: undefined })
  ways.network.toClient.letGo()
  await client.ends('FIN')
  expect(client.received).toBe('answered')
})

describe('a black hole', () => {
  test('swallows what is said, how it ends, and new connections; healed, all of it comes', async () => {
    const { client, peer } = await connected()
    ways.network.blackhole()
    client.send('asked')
    peer.send('answered')
    peer.socket.resetAndDestroy()
    const late = await dialed()
    late.send('hello')
    late.socket.end()
    await come('toServer', 10)
    await quiet()
    expect([client, peer]).toMatchObject([{ received: '', over: undefined }, { received: '' }])
    expect(ways.server.ends).toHaveLength(1)
    ways.network.heal()
    await client.hears('answered')
    await client.ends('ECONNRESET')
    await (await ways.server.end(2)).hears('hello')
    await (await ways.server.end(2)).ends('FIN')
  })

  test('healed, leaves held what was held besides', async () => {
    const { client, peer } = await connected()
    ways.network.toServer.hold()
    ways.network.blackhole()
    client.send('asked')
    peer.send('answered')
    ways.network.heal()
    await client.hears('answered')
    await quiet()
    expect(peer.received).toBe('')
    ways.network.toServer.letGo()
    await peer.hears('asked')
  })
})

describe('frozen,', () => {
  test.each(['FIN', 'ECONNRESET'] as const)('the server’s %s comes so late after the thaw', async (how) => {
    const { client, peer } = await connected()
    peer.send('before')
    await client.hears('before')
    ways.network.freeze()
    client.send('still under way')
    await peer.hears('still under way')
    if (how === 'FIN') peer.socket.end()
    else peer.socket.resetAndDestroy()
    await quiet()
    expect(client.over).toBe(undefined)
    ways.network.thaw(50)
    expect(await time(() => client.ends(how))).toBeGreaterThanOrEqual(49)
  })

  test('what comes between thaw and delivery waits its turn, and what comes after a thaw at once does not', async () => {
    const { client, peer } = await connected()
    ways.network.freeze()
    peer.send('1')
    await come('toClient', 1)
    ways.network.thaw(50)
    peer.send('2')
    await come('toClient', 2)
    await quiet()
    await client.hears('12')
    ways.network.freeze()
    ways.network.thaw()
    peer.send('3')
    await client.hears('123')
  })

  test('again before the delivery, it stays', async () => {
    const { client, peer } = await connected()
    ways.network.freeze()
    peer.send('1')
    await come('toClient', 1)
    ways.network.thaw(20)
    ways.network.freeze()
    await sleep(60)
    expect(client.received).toBe('')
    ways.network.thaw()
    await client.hears('1')
  })
})
