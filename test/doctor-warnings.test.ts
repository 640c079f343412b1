import { describe, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { diagnosed, notOk, stepOf } from './support/diagnosed.ts'
import {
  byName,
  type Case,
  DAY,
  direct,
  set,
  showCertificate,
  take,
  told,
  user,
} from './support/flawed-setups.ts'
import { shareSessions } from './support/session-sharer.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

describe('what works but will not do is a warning, and everything else is looked at:', () => {
  const cases: Record<string, Case> = {
    'a certificate that expires soon': {
      options: async (stack) => {
        const notAfterDate = new Date(Date.now() + 9.5 * DAY)
        return {
          connection: byName(server.current),
          tls: { ca: await showCertificate(server.current, stack, { notAfterDate }) },
        }
      },
      step: 'tls',
      said: /^TLSv1\.\d, certificate for localhost, .*, trusted by tls\.ca; localhost expires in 9 days$/,
      todo: 'have it renewed before',
    },
    'a server that is nearly full': {
      options: async (stack) => {
        await set(server.current, stack, 'max_connections', 20)
        await take(server.current, stack, 16)
        return { connection: direct(server.current) }
      },
      step: 'connections',
      said: /^1[78] of 20 in use, at most \d+ since the server started; room for 1 more container of 2$/,
      todo: /^close what is not needed, lower connectionLimit/,
    },
    'a server that forgets others quickly': {
      options: async (stack) => {
        await set(server.current, stack, 'wait_timeout', 5)
        return { connection: direct(server.current) }
      },
      step: 'wait_timeout',
      said: "930 s for the pool's sessions, 5 s for others: whoever else connects loses a connection that is idle for so long",
      todo: 'raise wait_timeout at the server',
    },
    'a read-only server': {
      options: async (stack) => {
        await set(server.current, stack, 'read_only', 1)
        return { connection: direct(server.current) }
      },
      step: 'read_only',
      said: 'the server is read-only: a reader, or a writer that is one no more',
      todo: "for writing, look at which server is the writer (a cluster's own name leads to it)",
    },
    'a server that is far away': {
      options: async (stack) => {
        const network = stack.use(await TcpProxy.to(server.current))
        network.toClient.delay = 15
        return { connection: { ...direct(server.current), port: network.port } }
      },
      step: 'round_trip',
      said: /^\d\d+ ms for a statement, there and back: more than between the zones of a Region$/,
      todo: /^run it where the function runs/,
    },
    'something that shares sessions out, of which the pool does not know': {
      options: async (stack) => {
        const { port } = stack.use(await shareSessions(server.current))
        return { connection: { ...direct(server.current), port } }
      },
      step: 'proxy',
      said: 'something between shares sessions out, and the pool does not know',
      todo: /^connect to its endpoint itself where that is RDS Proxy: /,
    },
    'a server that the pool takes for RDS Proxy': {
      options: () => ({ connection: direct(server.current), proxy: true }),
      step: 'proxy',
      said: 'the pool takes it for RDS Proxy, but a server itself answers',
      todo: /^leave proxy: true away where there is none/,
    },
    'a user who may do everything': {
      options: async () => ({
        connection: { ...direct(server.current), ...(await user(server.current, 'god', 'ALL ON *.*')) },
      }),
      step: 'privileges',
      said: 'ALL PRIVILEGES on *.*: whoever gets at the function gets at the whole server',
      todo: 'give it a user of its own, with rights on its database only',
    },
    'a user who may do too much': {
      options: async () => ({
        connection: {
          ...direct(server.current),
          ...(await user(server.current, 'high', 'SUPER, PROCESS, SELECT, INSERT, UPDATE, DELETE ON *.*')),
        },
      }),
      step: 'privileges',
      said: /^(PROCESS, SUPER|SUPER, PROCESS) on \*\.\*: /,
      todo: /^give it a user of its own/,
    },
    'a user who may only read': {
      options: async () => ({
        connection: {
          ...direct(server.current),
          ...(await user(server.current, 'low', 'SELECT ON warmpool.*')),
        },
      }),
      step: 'privileges',
      said: 'no INSERT, UPDATE, DELETE on warmpool',
      todo: /^GRANT what the program needs ON warmpool\.\*/,
    },
    'an account without a password': {
      options: async () => {
        await server.current.query('CREATE USER open_door')
        await server.current.query('GRANT ALL ON warmpool.* TO open_door')
        const { password: _, ...connection } = direct(server.current)
        return { connection: { ...connection, user: 'open_door' } }
      },
      step: 'credentials',
      said: 'open_door without a password',
      todo: 'give the account one, and the pool',
    },
    'a database that cannot hold every character': {
      options: async () => {
        await server.current.query('CREATE DATABASE old CHARACTER SET latin1')
        await server.current.query('GRANT ALL ON old.* TO warmpool')
        return { connection: { ...direct(server.current), database: 'old' } }
      },
      step: 'character_set',
      said: 'the connection speaks utf8mb4; new tables of old have latin1, which holds not every character',
      todo: 'ALTER DATABASE old CHARACTER SET utf8mb4, and the tables that are there',
    },
  }

  test.each(Object.entries(cases))('%s', async (_, { options, step, said, todo }) => {
    await using stack = new AsyncDisposableStack()
    const steps = await diagnosed(await options(stack))
    expect(notOk(steps, step === 'round_trip')).toEqual([[step, 'warning']])
    told(stepOf(steps, step), said, todo)
  })
})
