import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { makeCertificate } from '../local/src/database/certificate.ts'
import { databaseForFile, privateDatabase } from './support/database.ts'
import { type ConnectFailure, failureOf } from './support/failure-to-connect.ts'
import { resolve } from './support/names.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
beforeAll(async () => {
  await server.current.query("CREATE USER any IDENTIFIED BY 'any'")
  await server.current.query('GRANT SELECT ON *.* TO any')
})
afterEach(() => vi.restoreAllMocks())
const stack = new AsyncDisposableStack()
afterAll(() => stack.disposeAsync())

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
    const { database, ca } = await withCertificate(await makeCertificate(dated))
    const { port, user, password } = database
    const error = await failureOf({ connection: { host: 'localhost', port, user, password }, tls: { ca } })
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: false })
    expect(error.message).toMatch(
      /: the server's certificate has expired; look at its dates, .* \(certificate has expired; 1 attempt, \d+ ms\)$/,
    )
  })

  test('a server without TLS', async () => {
    await using plain = await privateDatabase({ tls: false })
    const { port, user, password } = plain
    const error = await failureOf({ connection: { host: 'localhost', port, user, password }, tls: {} })
    expect(error).toMatchObject({ retryable: false, cause: { code: 'HANDSHAKE_NO_SSL_SUPPORT' } })
    expect(error.message).toMatch(/: the server offers no TLS, which is demanded; look at tls .*; 1 attempt,/)
  })
})

async function withCertificate(certificate: { ca: string; cert: string; key: string }) {
  const directory = await mkdtemp(join(tmpdir(), 'warmpool-certificate-'))
  stack.defer(() => rm(directory, { recursive: true }))
  const parts = ['ca', 'cert', 'key'] as const
  for (const part of parts) await writeFile(join(directory, part), certificate[part])
  const args = parts.map((part) => `--ssl-${part}=${join(directory, part)}`)
  const database = stack.use(await privateDatabase({ tls: false, args }))
  return { database, ca: certificate.ca }
}
