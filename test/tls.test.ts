import { readdirSync, readlinkSync } from 'node:fs'
import { connect } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { type Certificate, makeCertificate } from '../local/src/database/certificate.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { databaseForFile, privateDatabase } from './support/database.ts'
import { Eavesdropper } from './support/eavesdropper.ts'

const server = databaseForFile()
const pools: Pool[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const pool of pools.splice(0)) await pool.end({ timeout: 100 })
})

function open(options: PoolOptions): Pool {
  const pool = createPool(options)
  pools.push(pool)
  return pool
}

/** The test's server by a name that its certificate has. */
function byName() {
  const { port, user, password, database } = server.current
  return { host: 'localhost', port, user, password, database }
}

describe('a connection over TLS', () => {
  test.each([
    ['tls', () => ({ connection: byName(), tls: { ca: String(server.current.ca) } })],
    ['connection.ssl', () => ({ connection: { ...byName(), ssl: { ca: String(server.current.ca) } } })],
  ])('is encrypted when asked for by %s', async (_, options) => {
    const [[row]] = await open(options()).query("SHOW STATUS LIKE 'Ssl_cipher'")
    expect(row?.Value).toMatch(/^TLS_|^ECDHE-/)
  })

  test('is not there when nobody asked', async () => {
    const [[row]] = await open({ connection: byName() }).query("SHOW STATUS LIKE 'Ssl_cipher'")
    expect(row?.Value).toBe('')
  })

  test('is refused where nobody trusts the authority of the server', async () => {
    await expect(open({ connection: byName(), tls: {} }).query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /^cannot connect to localhost:\d+ as warmpool: .*\(self-signed certificate/,
      ),
    })
  })

  test('resumes the TLS session of the one before', async () => {
    const { resumed } = watchTls()
    const pool = open({ connection: byName(), tls: { ca: String(server.current.ca) } })
    for (let opened = 1; opened <= 3; opened++) {
      await pool.query('SELECT 1')
      await server.current.killConnections()
      await vi.waitFor(() => expect(pool.stats().total).toBe(0))
    }
    expect(resumed).toEqual([false, true, true])
  })

  test('that the server closes while it is idle is replaced unseen', async () => {
    const pool = open({ connection: byName(), tls: { ca: String(server.current.ca) } })
    for (let round = 0; round < 5; round++) {
      await pool.query('SELECT 1')
      expect(await server.current.killConnections()).toBe(1)
      expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
    }
    await server.current.killConnections()
    await vi.waitFor(() => expect(pool.stats().total).toBe(0)) // without anybody asking for it
  })

  test('that the server closes under a statement fails that one, with its outcome, and no other', async () => {
    const pool = open({ connection: byName(), tls: { ca: String(server.current.ca) }, connectionLimit: 1 })
    const slow = pool.query('SELECT SLEEP(20)')
    const behind = pool.query('SELECT 1 AS one')
    await vi.waitFor(async () => {
      const running = await server.current.connections()
      expect(running.map((row) => row.Info)).toEqual(['SELECT SLEEP(20)'])
    })
    const failed = expect(slow).rejects.toMatchObject({
      outcome: 'unknown',
      code: expect.stringMatching(/LOST|KILLED/),
    })
    await server.current.killConnections()
    await failed
    expect((await behind)[0]).toEqual([{ one: 1 }])
  })

  test('has closed its socket, on both ends, when the pool has ended', async () => {
    const before = openSockets()
    const pool = open({ connection: byName(), tls: { ca: String(server.current.ca) } })
    const both = await Promise.all([pool.getConnection(), pool.getConnection()])
    expect(openSockets().difference(before).size).toBe(2)
    for (const connection of both) connection.release()
    await pool.end()
    expect(openSockets().difference(before).size).toBe(0)
    expect(await server.current.connections()).toEqual([])
  })
})

describe('a server that cannot be verified', () => {
  let certificate: Certificate
  beforeAll(async () => {
    certificate = await makeCertificate()
  })

  async function listen(offered?: Certificate): Promise<Eavesdropper> {
    const eavesdropper = await Eavesdropper.start(offered)
    onTestFinished(() => eavesdropper[Symbol.asyncDispose]())
    return eavesdropper
  }

  /** Leads to the eavesdropper whatever the host's name. */
  function connection(eavesdropper: Eavesdropper, host = 'localhost') {
    const stream = () => connect(eavesdropper.port, '127.0.0.1')
    return { host, port: eavesdropper.port, user: 'shop-user', password: 'open sesame', stream }
  }

  test('is told the password only after it was verified', async () => {
    const eavesdropper = await listen(certificate)
    const pool = open({ connection: connection(eavesdropper), tls: { ca: certificate.ca } })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      cause: { errno: 1045 },
    })
    expect(eavesdropper.heard.inside).toContain('open sesame') // or the tests below would show nothing
    expect(eavesdropper.heard.outside).not.toMatch(/sesame|shop-user/)
  })

  test('because of its authority is told nothing', async () => {
    const eavesdropper = await listen(certificate)
    const { ca } = await makeCertificate()
    const pool = open({ connection: connection(eavesdropper), tls: { ca } })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /^cannot connect to localhost:\d+ as shop-user: .*certificate.*; 1 attempt, \d+ ms\)$/,
      ),
    })
    expect(eavesdropper.heard.inside).toBe('')
    expect(eavesdropper.heard.outside).not.toMatch(/sesame|shop-user/)
  })

  test('because of its name is told nothing', async () => {
    const eavesdropper = await listen(certificate)
    const pool = open({ connection: connection(eavesdropper, 'db.example'), tls: { ca: certificate.ca } })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /^cannot connect to db\.example:\d+ as shop-user: .*db\.example.*altnames/,
      ),
    })
    expect(eavesdropper.callers).toBe(1)
    expect(eavesdropper.heard.inside).toBe('')
    expect(eavesdropper.heard.outside).not.toMatch(/sesame|shop-user/)
  })

  test('because it offers no TLS is told nothing', async () => {
    const eavesdropper = await listen()
    const pool = open({ connection: connection(eavesdropper), tls: { ca: certificate.ca } })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(/\(Server does not support secure connection; 1 attempt, \d+ ms\)$/),
    })
    expect(eavesdropper.heard).toEqual({ inside: '', outside: '' })
  })

  test('is not told the password in clear where no TLS was asked for', async () => {
    const eavesdropper = await listen()
    const pool = open({ connection: connection(eavesdropper), tls: false })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    expect(eavesdropper.heard.outside).toContain('shop-user')
    expect(eavesdropper.heard.outside).not.toContain('sesame')
  })

  test.each([
    ['an RDS instance', 'shop.abc.eu-west-1.rds.amazonaws.com', true],
    ['an RDS Proxy', 'shop.proxy-abc.eu-west-1.rds.amazonaws.com', false],
  ])('is what %s is by default: verified by authorities that are set up once', async (_, host, ofRds) => {
    const eavesdropper = await listen(certificate)
    const pool = open({ connection: connection(eavesdropper, host) })
    const { contexts } = watchTls()
    for (let time = 0; time < 2; time++) await expect(pool.query('SELECT 1')).rejects.toThrow(/certificate/)
    expect(eavesdropper.heard.inside).toBe('')
    const asClient = contexts.mock.calls.flatMap(([options]) => (options?.key ? [] : [options?.ca]))
    expect(asClient).toHaveLength(1) // or no session could ever be resumed
    const authorities = (asClient[0] ?? tls.rootCertificates) as string[]
    expect(authorities).toEqual(expect.arrayContaining([...tls.rootCertificates]))
    expect(authorities.length > tls.rootCertificates.length).toBe(ofRds)
  })

  test('like MariaDB without TLS is refused in one sentence', async () => {
    await using plain = await privateDatabase({ tls: false })
    const { port, user, password } = plain
    const pool = open({ connection: { host: 'localhost', port, user, password }, tls: {} })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringMatching(
        /^cannot connect to localhost:\d+ as warmpool: the server offers no TLS, which is demanded; look at tls .*; 1 attempt, \d+ ms\)$/,
      ),
    })
  })
})

/** Sees what mysql2 asks of `node:tls`, and whether each connection that came about resumed a session. */
function watchTls() {
  const resumed: boolean[] = []
  const connecting = tls.connect as (...args: unknown[]) => TLSSocket
  vi.spyOn(tls, 'connect').mockImplementation((...args: unknown[]) => {
    const socket = connecting(...args)
    socket.once('secureConnect', () => resumed.push(socket.isSessionReused()))
    return socket
  })
  return { resumed, contexts: vi.spyOn(tls, 'createSecureContext') }
}

/** This process's own, as the kernel lists them. */
function openSockets(): Set<string> {
  const links = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the one that read the directory
    }
  })
  return new Set(links.filter((link) => link.startsWith('socket:')))
}
