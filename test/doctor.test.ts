import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { iam, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { diagnosed, notOk, stepOf } from './support/diagnosed.ts'
import {
  byName,
  type Case,
  DAY,
  direct,
  isFault,
  set,
  showCertificate,
  take,
  user,
} from './support/flawed-setups.ts'
import { Listener } from './support/listener.ts'
import { resolve } from './support/names.ts'
import { keepSecret } from './support/secrets.ts'

const server = databaseForFile()
afterEach(() => vi.restoreAllMocks())

const trusting = () => ({ ca: String(server.current.ca) })

describe('a fault on the way is told, with what to do, and the rest is skipped:', () => {
  const cases: Record<string, Case> = {
    'an option that pools refuse': {
      options: () => ({ connection: byName(server.current), tls: false, credentials: iam() }),
      step: 'target',
      said: /^credentials: received a function beside connection.password$/,
      todo: 'accepted: one of them',
    },
    'a name that nobody has': {
      options: () => ({ connection: { ...direct(server.current), host: 'db.invalid' } }),
      step: 'dns',
      said: 'no host has this name',
      todo: 'look at the host',
    },
    'a name that is not resolved in time': {
      options: () => {
        resolve('db.example', () => undefined)
        return { connection: { ...direct(server.current), host: 'db.example' } }
      },
      step: 'dns',
      said: 'its name was not resolved in time',
      todo: 'look at the network and its DNS',
      limit: 200,
    },
    'a port where nobody listens': {
      options: () => ({ connection: { ...direct(server.current), port: 1 } }),
      step: 'tcp',
      said: 'nothing listens there, or the server is down',
      todo: 'look at host, port and whether the server runs',
    },
    'a server of another protocol': {
      options: async (stack) => {
        const ssh = await Listener.start((socket) => socket.write('SSH-2.0-OpenSSH_9.6\r\n'))
        return { connection: { ...direct(server.current), port: stack.use(ssh).port } }
      },
      step: 'greeting',
      said: 'something else than a MySQL server listens there: it says "SSH-2.0-OpenSSH_9.6"',
      todo: /^look at host and port/,
    },
    'a server that is full, but for an administrator': {
      options: async (stack) => {
        await set(server.current, stack, 'max_connections', 10)
        await take(server.current, stack, 9)
        return { connection: direct(server.current) }
      },
      step: 'authentication',
      said: 'the server has no connection left (max_connections)',
      todo: 'look at how many all clients together may open',
      limit: 1000,
    },
    'a server that is full': {
      options: async (stack) => {
        await set(server.current, stack, 'max_connections', 10)
        await take(server.current, stack, 9)
        const last = connect(server.current.port, server.current.host)
        stack.defer(() => void last.destroy())
        await once(last, 'data')
        return { connection: direct(server.current) }
      },
      step: 'greeting',
      said: 'the server has no connection left (max_connections)',
      todo: 'look at how many all clients together may open',
    },
    'a certificate of an authority that nobody named': {
      options: () => ({ connection: byName(server.current), tls: {} }),
      step: 'tls',
      said: /^the server's certificate is of no trusted authority \(certificate for localhost, .*, signed by warmpool-local authority, valid until \d{4}-\d\d-\d\d\)$/,
      todo: 'look at tls.ca',
    },
    'a certificate of another authority': {
      options: async () => ({
        connection: byName(server.current),
        tls: { ca: (await makeCertificate()).ca },
      }),
      step: 'tls',
      said: /^the server's certificate is of no trusted authority/,
      todo: 'look at tls.ca',
    },
    'a certificate for another name': {
      options: () => {
        resolve('db.example', () => '127.0.0.1')
        return { connection: { ...direct(server.current), host: 'db.example' }, tls: trusting() }
      },
      step: 'tls',
      said: /^the server's certificate is for another name \(certificate for localhost, 127\.0\.0\.1, .*\); db\.example is none of its names$/,
      todo: 'look at the host, which must be a name in it',
    },
    'a certificate that has expired': {
      options: async (stack) => {
        const notAfterDate = new Date(Date.now() - DAY)
        const notBeforeDate = new Date(Date.now() - 2 * DAY)
        return {
          connection: byName(server.current),
          tls: { ca: await showCertificate(server.current, stack, { notBeforeDate, notAfterDate }) },
        }
      },
      step: 'tls',
      said: /^the server's certificate has expired \(.*\); localhost has expired on \d{4}-\d\d-\d\d$/,
      todo: /^look at its dates, at those of its authority and at this machine's clock$/,
    },
    'a certificate that is not valid yet': {
      options: async (stack) => {
        const notBeforeDate = new Date(Date.now() + DAY)
        return {
          connection: byName(server.current),
          tls: { ca: await showCertificate(server.current, stack, { notBeforeDate }) },
        }
      },
      step: 'tls',
      said: /^the server's certificate is not valid yet \(.*\); localhost is valid only from \d{4}-\d\d-\d\d on$/,
      todo: "look at its dates and at this machine's clock",
    },
    'credentials that are not to be had': {
      options: () => {
        const { password: _, ...connection } = direct(server.current)
        return { connection, credentials: () => Promise.reject(new Error('the vault is sealed')) }
      },
      step: 'credentials',
      said: 'credentials() failed: the vault is sealed',
      todo: 'look at the function that credentials names',
    },
    'a wrong password': {
      options: () => {
        keepSecret('open sesame')
        return { connection: { ...byName(server.current), password: 'open sesame' }, tls: trusting() }
      },
      step: 'authentication',
      said: 'the server does not take this user with this password',
      todo: /^look at user, password/,
    },
    'a database that the user may not use': {
      options: () => ({ connection: { ...direct(server.current), database: 'mysql' } }),
      step: 'authentication',
      said: 'the user may not use this database, or there is none of this name',
      todo: 'look at the database and at GRANT for the user',
    },
    'a database that is not there': {
      options: async () => ({
        connection: {
          ...direct(server.current),
          ...(await user(server.current, 'reader', 'SELECT ON *.*')),
          database: 'none',
        },
      }),
      step: 'authentication',
      said: 'there is no such database on the server',
      todo: 'look at the database',
    },
  }

  test.each(Object.entries(cases))('%s', (_, flawed) => isFault(flawed))
})

test.each<[what: string, options: () => PoolOptions]>([
  [
    'by a socket',
    () => {
      const { socketPath, user, password, database } = server.current
      return { connection: { socketPath: String(socketPath), user, password, database } }
    },
  ],
  ['that a function tells', () => ({ name: 'told', connection: async () => direct(server.current) })],
])('a healthy set-up %s is ok', async (_, options) => {
  expect(notOk(await diagnosed(options()))).toEqual([])
})

test('one connection that is left is enough, as there is never more than one', async () => {
  await using stack = new AsyncDisposableStack()
  await set(server.current, stack, 'max_connections', 10)
  await take(server.current, stack, 8) // and the administrator's own
  expect(notOk(await diagnosed({ connection: direct(server.current) }))).toEqual([['connections', 'warning']])
})

test('a healthy set-up is ok from end to end, and nothing of the look is left', async () => {
  const steps = await diagnosed({ connection: byName(server.current), tls: trusting() })
  expect(notOk(steps)).toEqual([])
  expect(await server.current.connections()).toEqual([])
  expect(stepOf(steps, 'tls')).toMatchObject({
    said: /^TLSv1\.3, certificate for localhost, .* trusted by tls\.ca$/,
    facts: { tls: true, trustedBy: 'tls.ca', protocol: 'TLSv1.3' },
  })
  expect(stepOf(steps, 'target').said).toMatch(
    /^localhost:\d+\/warmpool, as warmpool by a password, with TLS trusted by tls\.ca \(this test\)$/,
  )
})
