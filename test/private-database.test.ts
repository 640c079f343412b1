import { once } from 'node:events'
import { createServer } from 'node:net'
import { type Connection, type ConnectionOptions, createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { type Database, startDatabase } from '../local/src/database/database.ts'

beforeAll(() => {
  vi.stubEnv('DATABASE_URL', undefined)
})

describe('a private database', { timeout: 30_000 }, () => {
  let db: Database
  beforeAll(async () => {
    db = await startDatabase()
  }, 30_000)
  afterAll(() => db[Symbol.asyncDispose]())

  it('is reached by its URL, as an ordinary user of its schema', async () => {
    const connection = await connect(db.url)
    await connection.query('CREATE TEMPORARY TABLE mine (id INT)')
    const [[row]] = await connection.query<RowDataPacket[]>('SELECT DATABASE() AS name, VERSION() AS version')
    expect(row).toEqual({ name: 'warmpool', version: db.version })
    expect(new URL(db.url)).toMatchObject({
      hostname: '127.0.0.1',
      port: String(db.port),
      username: 'warmpool',
    })
  })

  it('gives that user no rights over others', async () => {
    const own = await connect(db.url)
    await connect(db.administrator)
    const [rows] = await own.query<RowDataPacket[]>('SHOW PROCESSLIST')
    expect(rows.map((row) => row.User)).toEqual(['warmpool'])
    await expect(own.query('SET GLOBAL max_connections = 5')).rejects.toMatchObject({ errno: 1227 })
    await expect(own.query('SELECT * FROM mysql.user')).rejects.toMatchObject({ errno: 1142 })
    await expect(own.query('CREATE DATABASE other')).rejects.toMatchObject({ errno: 1044 })
  })

  it('lets nobody in without a password', async () => {
    const server = { host: db.host, port: db.port }
    for (const user of ['root', 'warmpool', '']) {
      await expect(createConnection({ ...server, user })).rejects.toMatchObject({ errno: 1045 })
    }
  })

  it('offers TLS with a certificate for localhost and the loopback addresses', async () => {
    for (const host of ['localhost', '127.0.0.1']) {
      const connection = await connect({
        ...asUser(db),
        host,
        ssl: { ca: String(db.ca), verifyIdentity: true },
      })
      const [[row]] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_version'")
      expect(row?.Value).toMatch(/^TLSv1\.[23]$/)
    }
  })

  it('shows a certificate that another authority does not vouch for', async () => {
    await using other = await startDatabase()
    const stranger = { ...asUser(db), host: 'localhost', ssl: { ca: String(other.ca), verifyIdentity: true } }
    await expect(createConnection(stranger)).rejects.toThrow(/certificate|verify/)
    await expect(createConnection({ ...stranger, ssl: { verifyIdentity: true } })).rejects.toThrow(
      /certificate/,
    )
  })

  it('lists and kills connections as the server sees them', async () => {
    const connections = [await connect(db.url), await connect(db.url)]
    const listed = await db.connections()
    for (const { threadId } of connections) expect(listed.map((row) => row.Id)).toContain(threadId)
    expect(await db.killConnections()).toBe(listed.length)
    expect(await db.connections()).toEqual([])
    for (const connection of connections) await expect(connection.query('SELECT 1')).rejects.toThrow()
  })

  it('asks without opening a connection each time', async () => {
    const opened = async () => (await db.query("SHOW GLOBAL STATUS LIKE 'Connections'"))[0]?.Value
    const before = await opened()
    await db.connections()
    expect(await opened()).toBe(before)
  })
})

describe('its server', { timeout: 30_000 }, () => {
  it('takes options, and max_connections are all for the application', async () => {
    await using db = await startDatabase({ args: ['--max-connections=10'], tls: false, database: 'shop_1' })
    expect(db).toMatchObject({ database: 'shop_1', ca: undefined })
    for (let i = 0; i < 10; i++) await connect(db.url)
    await expect(createConnection(db.url)).rejects.toMatchObject({ errno: 1040 })
    expect(await db.connections()).toHaveLength(10)
    await expect(createConnection({ ...asUser(db), ssl: {} })).rejects.toThrow(
      /secure connection|1040|Too many/,
    )
  })

  it('runs beside another one', async () => {
    const [one, two] = await Promise.all([startDatabase({ tls: false }), startDatabase({ tls: false })])
    await using _one = one
    await using _two = two
    expect(one.port).not.toBe(two.port)
    expect(one.directory).not.toBe(two.directory)
    await one.query('CREATE TABLE here (id INT)')
    expect(await two.query('SHOW TABLES')).toEqual([])
  })

  it('keeps port, data and certificate over a restart, a stop and kill -9', async () => {
    await using db = await startDatabase()
    const { port, pid, ca } = db
    await db.query('CREATE TABLE steps (name VARCHAR(20))')
    const step = async (name: string) => {
      const connection = await connect(db.url)
      await connection.query('INSERT INTO steps VALUES (?)', [name])
    }
    await step('restart')
    await db.restart(['--wait-timeout=77'])
    expect(await db.query('SELECT @@GLOBAL.wait_timeout AS seconds')).toEqual([{ seconds: 77 }])
    await step('kill')
    await db.kill()
    expect(db.pid).toBeUndefined()
    await expect(createConnection(db.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    await db.start()
    await step('stop')
    await db.stop()
    await expect(db.query('SELECT 1')).rejects.toThrow()
    await db.start()
    expect((await db.query('SELECT name FROM steps')).map((row) => row.name)).toEqual([
      'restart',
      'kill',
      'stop',
    ])
    expect(db).toMatchObject({ port, ca })
    expect(db.pid).not.toBe(pid)
    await expect(db.start()).rejects.toThrow(/running already/)
  })

  it('says so when its port was taken while it was down', async () => {
    await using db = await startDatabase({ tls: false })
    await db.stop()
    const thief = createServer().listen(db.port, db.host)
    await once(thief, 'listening')
    await expect(db.start()).rejects.toThrow(`somebody took port ${db.port}`)
    thief.close()
    await once(thief, 'close')
    await db.start()
    expect(await db.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
  })

  it('is told of in its own words when it does not start', async () => {
    await expect(startDatabase({ args: ['--no-such-option=1'] })).rejects.toThrow(
      /did not start: .*unknown variable 'no-such-option=1'/,
    )
  })
})

async function connect(target: string | ConnectionOptions): Promise<Connection> {
  const options = typeof target === 'string' ? { uri: target } : target
  const connection = await createConnection(options)
  connection.on('error', () => {})
  onTestFinished(() => connection.destroy())
  return connection
}

function asUser({ host, port, user, password, database }: Database): ConnectionOptions {
  return { host, port, user, password, database }
}
