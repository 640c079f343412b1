import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { databaseForFile } from './support/database.ts'
import { Eavesdropper } from './support/eavesdropper.ts'
import { type ConnectFailure, failureOf } from './support/failure-to-connect.ts'
import { resolve } from './support/names.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query("CREATE USER any IDENTIFIED BY 'any'")
  await server.current.query('GRANT SELECT ON *.* TO any')
})
afterEach(() => vi.restoreAllMocks())

const direct = () => {
  const { host, port, user, password, database } = server.current
  return { host, port, user, password, database }
}
const byName = () => ({ ...direct(), host: 'localhost' })

describe('what cannot heal is tried once, and told in one sentence:', () => {
  const cases: Record<string, ConnectFailure> = {
    'no such host': {
      sentence: /no host has this name; look at the host \(getaddrinfo ENOTFOUND/,
      cause: { code: 'ENOTFOUND' },
      options: () => ({ connection: { ...direct(), host: 'db.invalid' } }),
    },
    'a wrong password': {
      sentence: /does not take this user with this password; look at user, password .*\(Access denied/,
      cause: { errno: 1045 },
      options: () => ({ connection: { ...direct(), password: 'open sesame' } }),
    },
    'a user that is not there': {
      sentence: /as nobody: the server does not take this user .*\(Access denied/,
      cause: { errno: 1045 },
      options: () => ({ connection: { ...direct(), user: 'nobody' } }),
    },
    'a database that the user may not use': {
      sentence: /may not use this database, .*look at the database and at GRANT/,
      cause: { errno: 1044 },
      options: () => ({ connection: { ...direct(), database: 'mysql' } }),
    },
    'a database that is not there': {
      sentence: /there is no such database on the server; look at the database \(Unknown database 'none'/,
      cause: { errno: 1049 },
      options: () => ({ connection: { ...direct(), user: 'any', password: 'any', database: 'none' } }),
    },
    'a certificate of an authority that nobody named': {
      sentence: /certificate is of no trusted authority; look at tls\.ca \(self-signed/,
      cause: { code: 'HANDSHAKE_SSL_ERROR' },
      options: () => ({ connection: byName(), tls: {} }),
    },
    'a certificate of another authority': {
      sentence: /certificate is of no trusted authority; look at tls\.ca/,
      cause: { code: 'HANDSHAKE_SSL_ERROR' },
      options: async () => ({ connection: byName(), tls: { ca: (await makeCertificate()).ca } }),
    },
    'a certificate for another name': {
      sentence: /to db\.example:\d+ .*certificate is for another name; look at the host, .*altnames/,
      cause: { code: 'HANDSHAKE_SSL_ERROR' },
      options: () => {
        resolve('db.example', () => '127.0.0.1')
        return { connection: { ...direct(), host: 'db.example' }, tls: { ca: String(server.current.ca) } }
      },
    },
  }
  test.each(Object.entries(cases))('%s', async (_, { sentence, cause, options }) => {
    await using proxy = await TcpProxy.to(server.current)
    const { connection, ...rest } = await options()
    const placed = { ...(connection as object), port: proxy.port }
    const error = await failureOf({ ...rest, connection: placed })
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: false, outcome: 'not-sent', cause })
    expect(error.message).toMatch(/^cannot connect to [\w.]+:\d+ as \w+: .*; 1 attempt, \d+ ms\)$/)
    expect(error.message).toMatch(sentence)
    expect(error.message).not.toContain('sesame')
    expect(proxy.opened).toBe((cause as { code?: string }).code === 'ENOTFOUND' ? 0 : 1)
  })

  test('an expired certificate', async () => {
    const dated = { notBeforeDate: new Date('2020-01-01'), notAfterDate: new Date('2021-01-01') }
    const certificate = await makeCertificate(dated)
    await using eavesdropper = await Eavesdropper.start(certificate)
    const { port } = eavesdropper
    const connection = { host: 'localhost', port, user: 'shop', password: 'open sesame' }
    const error = await failureOf({ connection, tls: { ca: certificate.ca } })
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: false })
    expect(error.message).toMatch(
      /: the server's certificate has expired; look at its dates, .* \(certificate has expired; 1 attempt, \d+ ms\)$/,
    )
    expect(eavesdropper.callers).toBe(1)
    expect(eavesdropper.heard.inside).toBe('')
  })
})
