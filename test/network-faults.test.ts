import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { networkForTest, quiet, time } from './support/network.ts'

const ways = networkForTest()
const { connected, dialed, come } = ways

const HOW = [
  { how: 'RST', told: 'ECONNRESET' },
  { how: 'FIN', told: 'FIN' },
] as const

describe.each(HOW)('cut by $how', ({ how, told }) => {
  test('both ends of all are told, and a new one is let in', async () => {
    const pairs = [await connected(), await connected()]
    ways.network.cut(how)
    for (const { client, peer } of pairs) await Promise.all([client.ends(told), peer.ends(told)])
    const { client, peer } = await connected()
    client.send('hello')
    await peer.hears('hello')
  })

  test.each(['toServer', 'toClient'] as const)(
    'after so many bytes %s, not one more gets through',
    async (way) => {
      const { client, peer } = await connected()
      const [from, to] = way === 'toServer' ? [client, peer] : [peer, client]
      from.send('12')
      await to.hears('12')
      const cut = ways.network.cutAfter(5, way, how)
      from.send('345')
      from.send('6789')
      await Promise.all([to.ends(told), from.ends(told)])
      expect(to.received).toBe('1234567')
      for (const { socket } of [from, to]) socket.end()
      await cut
      expect(ways.network.callOff()).toBe(false)
    },
  )

  test('after none, the first byte does not get through', async () => {
    const { client, peer } = await connected()
    void ways.network.cutAfter(0, 'toServer', how)
    client.send('1')
    await peer.ends(told)
    expect(peer.received).toBe('')
  })

  test('alone, the others go on', async () => {
    const [one, other] = [await connected(), await connected()]
    ways.network.connections[0]?.close(how)
    await Promise.all([one.client.ends(told), one.peer.ends(told)])
    other.client.send('hello')
    await other.peer.hears('hello')
  })
})

test('a connection that is still being opened reaches the server before a cut after so many bytes', async () => {
  ways.network.toServer.hold()
  const client = await dialed()
  client.send('12')
  void ways.network.cutAfter(1, 'toServer')
  ways.network.toServer.letGo()
  await (await ways.server.end(1)).ends('ECONNRESET')
})

test('a cut that was called off does not come', async () => {
  const { client, peer } = await connected()
  void ways.network.cutAfter(2, 'toServer')
  client.send('1')
  await peer.hears('1')
  expect([ways.network.callOff(), ways.network.callOff()]).toEqual([true, false])
  client.send('234')
  await peer.hears('1234')
})

test('what is under way when it is cut is lost', async () => {
  const { client, peer } = await connected()
  ways.network.toServer.delay = 30
  client.send('lost')
  await come('toServer', 4)
  ways.network.cut()
  await peer.ends('ECONNRESET')
  await quiet()
  expect(peer.received).toBe('')
})

describe('refusing,', () => {
  test('it leaves those that are in, and accepts on the same port afterwards', async () => {
    const { client, peer } = await connected()
    const { port } = ways.network
    await ways.network.refuse()
    await expect(dialed()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    client.send('still here')
    await peer.hears('still here')
    await ways.network.accept()
    expect(ways.network.port).toBe(port)
    const next = await connected()
    next.client.send('hello')
    await next.peer.hears('hello')
  })

  test('it says so when another has taken the port', async () => {
    const { port } = ways.network
    await ways.network.refuse()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve))
    const taken = `The network cannot take connections on port ${port}: EADDRINUSE.`
    await expect(ways.network.accept()).rejects.toThrow(taken)
    await new Promise((resolve) => other.close(resolve))
    await ways.network.accept()
    await connected()
  })
})

describe('connections', () => {
  test('are told apart by number, by the port that the server sees, and by what passed', async () => {
    const [one, other] = [await connected(), await connected()]
    one.client.send('asked')
    other.peer.send('answered')
    await one.peer.hears('asked')
    await other.client.hears('answered')
    expect(ways.network.connections).toMatchObject([
      {
        id: 1,
        serverPort: one.peer.socket.remotePort,
        bytesToServer: 5,
        bytesToClient: 0,
        clientGone: false,
      },
      {
        id: 2,
        serverPort: other.peer.socket.remotePort,
        bytesToServer: 0,
        bytesToClient: 8,
        clientGone: false,
      },
    ])
  })

  test('tell when they were opened and used last', async () => {
    const before = Date.now()
    const { client, peer } = await connected()
    await quiet()
    const [connection] = ways.network.connections
    expect(connection?.openedAt).toBeGreaterThanOrEqual(before)
    expect(connection?.lastUsedAt).toBe(connection?.openedAt)
    const used = Date.now()
    client.send('asked')
    await peer.hears('asked')
    expect(connection?.lastUsedAt).toBeGreaterThanOrEqual(used)
  })

  test('whose client is gone stay until the server has closed them, too', async () => {
    const { client, peer } = await connected()
    const [connection] = ways.network.connections
    client.socket.end()
    await peer.ends('FIN')
    expect(ways.network.connections).toEqual([connection])
    expect(connection?.clientGone).toBe(true)
    peer.socket.end()
    await expect.poll(() => ways.network.connections).toEqual([])
    expect(ways.network.opened).toBe(1)
  })

  test('that a client resets are without it at once, even if nothing gets through', async () => {
    const { client } = await connected()
    ways.network.blackhole()
    client.socket.resetAndDestroy()
    await expect.poll(() => ways.network.connections).toMatchObject([{ clientGone: true }])
  })

  test('to a server that cannot be reached are reset', async () => {
    await connected()
    await ways.server[Symbol.asyncDispose]()
    await (await dialed()).ends('ECONNRESET')
  })
})

test('a watcher hears what passes before any delay, each its own connection', async () => {
  const heard: string[] = []
  ways.network.watch(({ id }) => ({
    toServer: (chunk) => heard.push(`${id} asked ${chunk}`),
    toClient: (chunk) => heard.push(`${id} answered ${chunk}`),
  }))
  const [one, other] = [await connected(), await connected()]
  ways.network.blackhole()
  one.client.send('a')
  await come('toServer', 1)
  other.peer.send('b')
  await come('toClient', 1)
  expect(heard).toEqual(['1 asked a', '2 answered b'])
})

describe('disposal ends', () => {
  test.each([
    ['what is held', () => ways.network.toServer.hold()],
    ['what is swallowed', () => ways.network.blackhole()],
    ['what is frozen', () => ways.network.freeze()],
    ['what takes an hour', () => Object.assign(ways.network.toServer, { delay: 3_600_000 })],
    ['a trickle', () => Object.assign(ways.network.toServer, { bandwidth: 0.001 })],
  ])('%s', async (_, hinder) => {
    const { client } = await connected()
    hinder()
    client.send('asked')
    const waiting = await dialed()
    await come('toServer', 5)
    expect(await time(() => ways.network[Symbol.asyncDispose]())).toBeLessThan(2000)
    await client.ends('ECONNRESET')
    await waiting.ends('ECONNRESET')
    await expect(dialed()).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    expect(ways.network.connections).toEqual([])
  })
})

test.each([
  [
    () => Object.assign(ways.network.toServer, { delay: -1 }),
    'delay: received -1; accepted: milliseconds from 0 to 2147483647.',
  ],
  [() => Object.assign(ways.network.toClient, { delay: '5' }), 'delay: received 5 (a string)'],
  [
    () => Object.assign(ways.network.toServer, { bandwidth: 0 }),
    'bandwidth: received 0; accepted: bytes per second above 0',
  ],
  [
    () => Object.assign(ways.network.toClient, { delay: 3e9 }),
    'delay: received 3000000000; accepted: milliseconds from 0 to 2147483647.',
  ],
  [() => ways.network.thaw(3e9), 'lateBy: received 3000000000; accepted: milliseconds from 0 to 2147483647.'],
  [() => ways.network.thaw(Number.NaN), 'lateBy: received NaN'],
])('%s is refused: %s', (act, message) => {
  expect(act).toThrow(message)
})

test('no cut after less than nothing, and no second one while one is pending on its way', async () => {
  await expect(ways.network.cutAfter(-1, 'toServer')).rejects.toThrow(
    'bytes: received -1; accepted: bytes from 0 on.',
  )
  const { client, peer } = await connected()
  const cut = ways.network.cutAfter(3, 'toServer')
  const pending = 'A cut after 3 more bytes this way is pending; callOff() takes it back.'
  await expect(ways.network.cutAfter(1, 'toServer')).rejects.toThrow(pending)
  client.send('1234')
  await peer.ends('ECONNRESET')
  await cut
  expect(peer.received).toBe('123')
})
