import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, test } from 'vitest'
import { subjectOfModule } from '../local/src/doctor/subject.ts'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { DeafPort } from './support/deaf-port.ts'
import { diagnosed, look, notOk, PROJECT, stepOf } from './support/diagnosed.ts'
import { type Case, direct, isFault } from './support/flawed-setups.ts'
import { Listener } from './support/listener.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

// Side by side, as they only wait.
describe.concurrent('silence is a fault, and the rest is skipped:', () => {
  const cases: Record<string, Case> = {
    'a port that swallows what comes': {
      options: async (stack) => ({
        connection: { ...direct(server.current), port: stack.use(await DeafPort.open()).port },
      }),
      step: 'tcp',
      said: 'nothing answers there, not even with a refusal, as where a firewall drops what comes',
      todo: 'look at security groups, subnets and routes',
      limit: 1000,
    },
    'a web server': {
      options: async (stack) => {
        const web = createServer().listen(0, '127.0.0.1')
        await once(web, 'listening')
        stack.defer(() => void web.close())
        return { connection: { ...direct(server.current), port: (web.address() as AddressInfo).port } }
      },
      step: 'greeting',
      said: 'something else than a MySQL server listens there: a web server (it says "HTTP/1.1 400 Bad Request")',
      todo: /^look at host and port/,
      limit: 1000,
    },
    'a server that lets in and says nothing': {
      options: async (stack) => {
        const silent = await Listener.start(() => {})
        return { connection: { ...direct(server.current), port: stack.use(silent).port } }
      },
      step: 'greeting',
      said: 'the connection was taken but no server spoke in time',
      todo: /^look at whether the server hangs/,
      limit: 1000,
    },
    'a server that falls silent': {
      options: async (stack) => {
        const network = stack.use(await TcpProxy.to(server.current))
        const heard = (chunk: Buffer) => void (chunk.includes('VERSION()') && network.toClient.hold())
        network.watch(() => ({ toServer: heard }))
        return { connection: { ...direct(server.current), port: network.port } }
      },
      step: 'version',
      said: 'the server gave no answer in time',
      todo: 'look at whether it hangs or is overloaded',
      limit: 1000,
    },
  }

  test('a server that says nothing to a login, within the limit and not that of the pool', async () => {
    await using network = await TcpProxy.to(server.current)
    network.watch(() => ({ toServer: () => void network.toClient.hold() }))
    const pool = createPool({ connection: { ...direct(server.current), port: network.port }, name: 'hangs' })
    const subject = subjectOfModule(PROJECT, { pool }, { file: 'database.ts', exportName: undefined })
    const started = performance.now()
    const steps = await look(subject, 1000)
    expect(performance.now() - started).toBeLessThan(6000) // the pool's own limit is 10 s
    expect(notOk(steps)[0]).toEqual(['authentication', 'fault'])
  })

  test('half a greeting', async () => {
    await using half = await Listener.start((socket) => socket.write(Buffer.from([0x4a, 0, 0, 0, 10, 56])))
    const steps = await diagnosed({ connection: { ...direct(server.current), port: half.port } }, 300)
    expect(stepOf(steps, 'greeting')).toMatchObject({
      verdict: 'fault',
      said: 'the connection was taken but no server spoke in time',
    })
  })

  test.each(Object.entries(cases))('%s', (_, flawed) => isFault(flawed))
})
