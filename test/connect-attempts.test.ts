import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test, vi } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { DeafPort } from './support/deaf-port.ts'
import { Listener } from './support/listener.ts'
import { resolve } from './support/names.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
afterEach(() => vi.restoreAllMocks())

const direct = () => {
  const { host, port, user, password, database } = server.current
  return { host, port, user, password, database }
}

test('each attempt asks anew where the name leads', async () => {
  const addresses = ['127.0.0.8', '127.0.0.9', '127.0.0.1']
  const asked = vi.fn(() => addresses.shift())
  resolve('moving.example', asked)
  await using pool = createPool({ connection: { ...direct(), host: 'moving.example' } })
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  expect(asked).toHaveBeenCalledTimes(3)
})

test('an address that does not answer at all is left after 2 s: the name may lead elsewhere by then', async () => {
  await using deaf = await DeafPort.open()
  const { host, port } = server.current
  await using other = await Listener.start((socket) => socket.pipe(connect(port, host)).pipe(socket), {
    host: '127.0.0.2',
    port: deaf.port,
  })
  const addresses = [deaf.host, '127.0.0.2']
  resolve('failing-over.example', () => addresses.shift())
  await using pool = createPool({
    connection: { ...direct(), host: 'failing-over.example', port: other.port },
  })
  const began = performance.now()
  expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
  expect(performance.now() - began).toBeGreaterThan(1500) // or it was given no time to answer
  expect(addresses).toEqual([])
})

test('a burst of callers makes as many attempts at once as there may be connections, and all fail together', async () => {
  await using listener = await Listener.start((socket) => setTimeout(() => socket.destroy(), 20))
  await using pool = createPool({
    connection: { ...direct(), port: listener.port },
    connectionLimit: 3,
    connectTimeout: 400,
  })
  const failures = await Promise.all(
    Array.from({ length: 50 }, () => pool.query('SELECT 1').catch((error) => error)),
  )
  expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(['CONNECT_FAILED']))
  expect(listener.callers.atOnce).toBe(3)
  expect(listener.callers.ever).toBeGreaterThanOrEqual(3)
  expect(listener.callers.ever).toBeLessThan(50)
})

test('a caller for whom there is no time to connect is told so, and not of credentials that nobody asked for', async () => {
  await using pool = createPool({ connection: { ...direct(), port: 1 }, connectTimeout: 1 })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    message: expect.stringMatching(/: (no time was left to connect|nothing listens there)/),
  })
})

test('a burst of callers is served by the first attempts that succeed', async () => {
  await using proxy = await TcpProxy.to(server.current)
  await proxy.refuse()
  await using pool = createPool({ connection: proxy.url(server.current.url), connectionLimit: 2 })
  const answers = Promise.all(Array.from({ length: 50 }, (_, n) => pool.query('SELECT ? AS n', [n])))
  await sleep(150) // some attempts
  await proxy.accept()
  expect((await answers).map(([[row]]) => row?.n)).toEqual(Array.from({ length: 50 }, (_, n) => n))
  expect(proxy.opened).toBeLessThanOrEqual(2)
})
