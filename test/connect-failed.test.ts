import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { DeafPort } from './support/deaf-port.ts'
import { type ConnectFailure, failureOf } from './support/failure-to-connect.ts'
import { Listener } from './support/listener.ts'
import { resolve } from './support/names.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

/** A user has nine connections, and there are ten in all, which is the least that MariaDB takes. */
const server = databaseForFile({ args: ['--max-connections=10', '--max-user-connections=9'] })
beforeAll(async () => {
  await server.current.query("CREATE USER few IDENTIFIED BY 'few' WITH MAX_USER_CONNECTIONS 1")
  await server.current.query("CREATE USER any IDENTIFIED BY 'any'")
})
const stack = new AsyncDisposableStack()
afterAll(async () => {
  vi.restoreAllMocks()
  await stack.disposeAsync()
})

const direct = () => {
  const { host, port, user, password, database } = server.current
  return { host, port, user, password, database }
}
const few = () => ({ host: server.current.host, port: server.current.port, user: 'few', password: 'few' })

async function isTold({ sentence, cause, options }: ConnectFailure): Promise<void> {
  const error = await failureOf(await options())
  expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: true, outcome: 'not-sent', cause })
  expect(error.message).toMatch(/^cannot connect to \S+ as \w+: .*; \d+ attempts?, \d+ ms\)$/)
  expect(error.message).toMatch(sentence)
}

// Before those that leave the server waiting for the end of a handshake, which takes a connection, too.
describe('when all connections are taken, those', () => {
  const pools: Pool[] = []
  afterEach(async () => {
    for (const pool of pools.splice(0)) await pool.end()
  })

  /** Opens so many connections, and keeps them. */
  async function takeAll(connection: NonNullable<PoolOptions['connection']>, count: number): Promise<void> {
    const pool = createPool({ name: `taking ${pools.length}`, connection, connectionLimit: count })
    pools.push(pool)
    const all = await Promise.all(Array.from({ length: count }, () => pool.getConnection()))
    for (const one of all) one.release()
  }

  const cases: Record<string, ConnectFailure> = {
    'of the server': {
      sentence: /the server has no connection left \(max_connections\); .*Too many connections/,
      cause: { errno: 1040 },
      options: async () => {
        await takeAll(direct(), 9)
        await takeAll(few(), 1)
        return { connection: { ...direct(), user: 'any', password: 'any' } }
      },
    },
    'of any user': {
      sentence: /the user has no connection left \(max_user_connections\)/,
      cause: { errno: 1203 },
      options: async () => {
        await takeAll(direct(), 9)
        return { connection: direct() }
      },
    },
    'of this user': {
      sentence: /the user has used up a limit of its own; .*max_user_connections/,
      cause: { errno: 1226 },
      options: async () => {
        await takeAll(few(), 1)
        return { connection: few() }
      },
    },
  }
  test.each(Object.entries(cases))('%s, it is told', (_, failure) => isTold(failure))
})

describe.concurrent('what can heal is tried until the time is up, and told in one sentence:', () => {
  const scripted = (act: (socket: Socket) => void) => async () => ({
    connection: { ...direct(), port: stack.use(await Listener.start(act)).port },
  })
  const cases: Record<string, ConnectFailure> = {
    'nothing listens': {
      sentence: /nothing listens there, or the server is down; look at host, port .*ECONNREFUSED/,
      cause: { code: 'ECONNREFUSED' },
      options: () => ({ connection: { ...direct(), port: 1 } }),
    },
    'no socket file': {
      sentence: /to \/.*: no socket is there, or the server is down; look at socketPath/,
      cause: { code: 'ENOENT' },
      options: () => ({ connection: { socketPath: join(tmpdir(), 'no-such.sock'), user: 'any' } }),
    },
    'closed before a greeting': {
      sentence: /closed the connection before a greeting, as a server does that starts or shuts down/,
      cause: { code: 'PROTOCOL_CONNECTION_LOST', stage: 'greeting' },
      options: scripted((socket) => socket.end()),
    },
    'reset before a greeting': {
      sentence: /closed the connection before a greeting, .*ECONNRESET/,
      cause: { code: 'ECONNRESET', stage: 'greeting' },
      // A moment after it was let in, or the kernel tells of both at once.
      options: scripted((socket) => setTimeout(() => socket.resetAndDestroy(), 30)),
    },
    'shutting down': {
      sentence: /: the server is shutting down; look at whether it comes back \(Server shutdown in progress/,
      cause: { errno: 1053 },
      options: scripted((socket) => socket.write(refusal(1053, 'Server shutdown in progress'))),
    },
    'closed in the handshake': {
      sentence: /closed the connection in the handshake, as one does that starts, shuts down or fails over/,
      cause: { stage: 'login' },
      options: async () => {
        const proxy = stack.use(await TcpProxy.to(server.current))
        proxy.watch((connection) => ({ toServer: () => connection.close('FIN') }))
        return { connection: { ...direct(), port: proxy.port } }
      },
    },
  }
  test.each(Object.entries(cases))('%s', (_, failure) => isTold(failure))

  const silences: Record<string, ConnectFailure> = {
    'a name that is not resolved': {
      sentence: /its name was not resolved in time; look at the network and its DNS/,
      cause: { stage: 'resolving' },
      options: () => {
        resolve('unknown.example', () => undefined)
        return { connection: { ...direct(), host: 'unknown.example' } }
      },
    },
    'an address where SYNs are dropped': {
      sentence: /nothing answers there, not even with a refusal, .*security groups/,
      cause: { stage: 'dialling' },
      options: async () => {
        const deaf = stack.use(await DeafPort.open())
        return { connection: { ...direct(), port: deaf.port } }
      },
    },
    'a name that leads to where SYNs are dropped': {
      sentence: /nothing answers there, not even with a refusal, .*security groups/,
      cause: { stage: 'dialling' },
      options: async () => {
        const deaf = stack.use(await DeafPort.open())
        resolve('deaf.example', () => '127.0.0.1')
        return { connection: { ...direct(), host: 'deaf.example', port: deaf.port } }
      },
    },
    'who accepts, and says nothing': {
      sentence: /the connection was taken but no server spoke in time/,
      cause: { stage: 'greeting' },
      options: scripted(() => {}),
    },
    'who greets, and then says nothing': {
      sentence: /the server began the handshake but did not end it in time/,
      cause: { stage: 'login' },
      options: async () => {
        const proxy = stack.use(await TcpProxy.to(server.current))
        proxy.watch(() => ({ toClient: () => proxy.toServer.hold() }))
        return { connection: { ...direct(), port: proxy.port } }
      },
    },
  }
  test.each(Object.entries(silences))(
    'no answer in time from %s',
    async (_, { sentence, cause, options }) => {
      const error = await failureOf(await options())
      expect(error).toMatchObject({ retryable: true, cause: { code: 'ETIMEDOUT', ...cause } })
      expect(error.message).toMatch(sentence)
      expect(error.message).toMatch(/\(no answer in time; 1 attempt, \d+ ms\)$/)
    },
  )

  test('several addresses, of which each refuses', async () => {
    resolve('several.example', () => ['127.0.0.1', '127.0.0.2'])
    const error = await failureOf({ connection: { host: 'several.example', port: 1, user: 'shop' } })
    expect(error.message).toMatch(
      /^cannot connect to several\.example:1 as shop: nothing listens there, .* \(connect ECONNREFUSED 127\.0\.0\.1:1, connect ECONNREFUSED 127\.0\.0\.2:1; /,
    )
    expect(error.retryable).toBe(true)
  })
})

/** An ERR packet in place of the greeting. */
function refusal(errno: number, words: string): Buffer {
  const body = Buffer.concat([Buffer.from([0xff, errno & 0xff, errno >> 8]), Buffer.from(`#08S01${words}`)])
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body])
}
