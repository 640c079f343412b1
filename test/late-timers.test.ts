import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { SleepingProcess } from './support/sleeping-process.ts'
import { TIME } from './support/sleeping-times.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

// A process is stopped in the middle of everything that is waited for, until the time for that is over. What it waited for comes
// meanwhile, and lies in the kernel. When it goes on, timers run before that is read: none of them may act before it was.

interface Scene {
  /** Where it is in the middle: what the network has seen by then, of the client's. Default: its first statement. */
  readonly middle?: (proxy: TcpProxy) => boolean
  /** What the network does while it sleeps. Default: it lets the answer through. */
  readonly asleep?: (proxy: TcpProxy) => unknown
  /** And when it has woken. */
  readonly awake?: (proxy: TcpProxy) => unknown
  readonly result: unknown
  /** Connections opened in all; default 1. */
  readonly opened?: number
}

const sent = (text: string) => (proxy: TcpProxy) =>
  proxy.commands.some(({ name, text: sql }) => name === text || sql === text)
const dialed = (proxy: TcpProxy) => proxy.opened === 1
const letGo = (proxy: TcpProxy) => proxy.toClient.letGo()
async function answerAndDie(proxy: TcpProxy): Promise<void> {
  letGo(proxy)
  await sleep(50)
  proxy.cut('FIN')
}

const scenes: Record<string, Scene> = {
  'waits for a connection': { result: [1, 2] },
  'is being connected': { middle: dialed, result: 1 },
  'is being connected, and is cut off': {
    middle: dialed,
    asleep: (proxy) => {
      proxy.cut()
      letGo(proxy)
    },
    result: 1,
  },
  'is being connected, and never hears again': {
    middle: dialed,
    asleep: () => {},
    awake: async (proxy) => {
      await vi.waitFor(() => expect(proxy.opened).toBe(2), 10_000)
      letGo(proxy)
    },
    result: 1,
  },
  'is validated': { middle: sent('PING'), result: 1 },
  'is validated, and dies when it has answered': {
    middle: sent('PING'),
    asleep: answerAndDie,
    result: 1,
    opened: 2,
  },
  'is validated with time to spare, and dies when it has answered': {
    middle: sent('PING'),
    asleep: answerAndDie,
    result: 1,
    opened: 2,
  },
  'is answered after the deadline': {
    result: [1, expect.objectContaining({ code: 'DEADLINE_EXCEEDED', outcome: 'not-sent' })],
  },
  'is answered after its own timeout': { result: 1 },
  'is left running by an invocation': { result: [1, 2] },
  'is being cleaned': { middle: sent('ROLLBACK'), result: 1 },
  'is answered after the end had time for it': { result: 1 },
  'is held for longer than anybody looks': { middle: sent('START TRANSACTION'), result: 1 },
  'is held for longer than the server keeps it': {
    middle: sent('START TRANSACTION'),
    asleep: async (proxy) => {
      const [session] = proxy.connections
      const left = async () =>
        (await server.current.connections()).filter(({ Host }) => Host.endsWith(`:${session?.serverPort}`))
      await vi.waitFor(async () => expect(await left()).toEqual([]), 10_000)
      letGo(proxy)
    },
    result: [expect.objectContaining({ outcome: 'not-sent' }), 2],
    opened: 2,
  },
}

const server = databaseForFile({ tls: false })
const proxies = new Map<string, TcpProxy>()
let child: SleepingProcess

beforeAll(async () => {
  child = new SleepingProcess(join(import.meta.dirname, 'support/sleeping-pools.ts'))
  for (const name of Object.keys(scenes)) {
    const proxy = await TcpProxy.to(server.current)
    proxies.set(name, proxy)
    child.say({ prepare: { scene: name, url: proxy.url(server.current.url) } })
    await child.hear(({ ready }: { ready?: string }) => ready === name)
    proxy.toClient.hold()
  }
  child.say({ go: true })
  const each = async (act: (scene: Scene, proxy: TcpProxy) => unknown) => {
    await Promise.all(
      Object.entries(scenes).map(([name, scene]) => act(scene, proxies.get(name) as TcpProxy)),
    )
  }
  const early = () =>
    Object.entries(scenes).flatMap(([name, { middle = sent('SELECT 1 AS n') }]) =>
      middle(proxies.get(name) as TcpProxy) ? [] : name,
    )
  await vi.waitFor(() => expect(early()).toEqual([]), { timeout: 10_000, interval: 5 })
  await child.sleep(TIME + 300, () => each(({ asleep = letGo }, proxy) => asleep(proxy)))
  void each(({ awake = () => {} }, proxy) => awake(proxy)).catch(() => {}) // its scene has another result then
})
afterAll(async () => {
  await child[Symbol.asyncDispose]()
  for (const proxy of proxies.values()) await proxy[Symbol.asyncDispose]()
})

test.each(Object.entries(scenes))('what %s', async (name, { result, opened = 1 }) => {
  const played = await child.hear(({ played }: { played?: string; opened?: number }) => played === name)
  expect(played).toEqual({ played: name, result, opened })
})
