import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createPool, type PoolOptions } from '../src/index.ts'
import { openByProxy } from './support/by-proxy.ts'
import { databaseForFile } from './support/database.ts'
import { Listener } from './support/listener.ts'
import { type Answer, ScriptedServer } from './support/scripted-server.ts'

/** As AWS documents them ("Troubleshooting for RDS Proxy"). */
const NOT_BORROWED = { code: 9501, message: 'Timed-out waiting to acquire database connection' }
const FULL = [
  ['Connections rate limit exceeded (7)', 'RDS Proxy takes no more new connections just now'],
  ['IAM authentication rate limit exceeded', 'RDS Proxy takes no more IAM logins just now'],
  ['Number simultaneous connections exceeded (7)', 'RDS Proxy has no place for another client'],
] as const

const server = databaseForFile()

/** What stands before the database, and refuses the first so many of its clients by an error in the place of a greeting. */
async function refusing(clients: number, { code, message }: { code: number; message: string }) {
  const payload = Buffer.from(`\xff\0\0#HY000${message}`, 'latin1')
  payload.writeUInt16LE(code, 1)
  const header = Buffer.from([payload.length, 0, 0, 0])
  let refused = 0
  const door = await Listener.start((client) => {
    client.on('error', () => {})
    if (refused < clients) {
      refused++
      client.end(Buffer.concat([header, payload]))
    } else {
      const onward = connect(server.current.port, server.current.host).on('error', () => {})
      client.pipe(onward).pipe(client)
    }
  })
  const url = new URL(server.current.url)
  url.port = String(door.port)
  return {
    url: url.href,
    get refused() {
      return refused
    },
    [Symbol.asyncDispose]: () => door[Symbol.asyncDispose](),
  }
}

describe('what refuses a connection', () => {
  const passing = [
    [1040, ...FULL[0]],
    [1040, ...FULL[1]],
    [1040, ...FULL[2]],
  ] as const
  test.each([
    ...passing,
    [9501, NOT_BORROWED.message, 'RDS Proxy had no database connection free in time'],
  ] as const)('%s %s is tried again, and explained when it stays', async (code, message, sentence) => {
    await using twice = await refusing(2, { code, message })
    await using pool = createPool({ connection: twice.url, proxy: true })
    expect((await pool.query('SELECT 1 AS one'))[0]).toEqual([{ one: 1 }])
    expect(twice.refused).toBe(2)

    await using always = await refusing(Number.POSITIVE_INFINITY, { code, message })
    await using never = createPool({ connection: always.url, proxy: true, connectTimeout: 300 })
    const error = await never.query('SELECT 1').catch((failed) => failed)
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: true, outcome: 'not-sent' })
    expect(error.message).toContain(`: ${sentence}; look at `)
    expect(error.message).toContain(`(${message}; `)
  })

  test('3159: it demands TLS, which no other attempt would have', async () => {
    await using door = await refusing(9, { code: 3159, message: 'This RDS Proxy requires TLS connections.' })
    await using pool = createPool({ connection: door.url, proxy: true })
    await expect(pool.query('SELECT 1')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      retryable: false,
      message: expect.stringMatching(
        /the server demands TLS; look at tls \(This RDS Proxy requires TLS connections\.; 1 attempt/,
      ),
    })
    expect(door.refused).toBe(1)
  })
})

describe('9501 in the place of an answer', () => {
  /** Answers 9501 to the first texts that begin so. */
  function without(start: string, times = 1): (sql: string) => Answer {
    let open = false
    return (sql) => {
      if (sql.startsWith(start) && times-- > 0) {
        open = false
        return NOT_BORROWED
      }
      if (/^START/.test(sql)) open = true
      if (/^(COMMIT|ROLLBACK)/.test(sql)) open = false
      return open ? 'ok, in a transaction' : 'ok'
    }
  }
  const through = (script: ScriptedServer, options: PoolOptions = {}) =>
    createPool({ connection: script.url, proxy: true, ...options })
  const NOT_SENT = {
    errno: 9501,
    outcome: 'not-sent',
    message: expect.stringMatching(
      /^Timed-out waiting to acquire database connection \(RDS Proxy had no .*: nothing was sent to a server; look at /,
    ),
  }

  test('the statement is not sent again by us, and its error says that it was not', async () => {
    await using script = await ScriptedServer.start(without('INSERT'))
    await using pool = through(script)
    await expect(pool.query('INSERT INTO notes VALUES (1)')).rejects.toMatchObject(NOT_SENT)
    await pool.query('UPDATE notes SET note = 2') // on the same connection
    expect(script.heard).toEqual(['INSERT INTO notes VALUES (1)', 'UPDATE notes SET note = 2'])
    expect(script.opened).toBe(1)
  })

  test('to the SET of a new connection: connecting is tried again, and explained once', async () => {
    await using script = await ScriptedServer.start(without('SET', Number.POSITIVE_INFINITY))
    await using pool = through(script, { session: { time_zone: '+00:00' }, connectTimeout: 300 })
    const error = await pool.query('SELECT 1').catch((failed) => failed)
    expect(error).toMatchObject({ code: 'CONNECT_FAILED', retryable: true })
    expect(error.message).toMatch(
      /: RDS Proxy had no database connection free in time; look at [^(]+ \(Timed-out waiting to acquire database connection; \d+ attempts?, \d+ ms\)$/,
    )
    expect(script.heard.length).toBeGreaterThan(0)
  })

  test('in a transaction: nothing more of it runs, and nothing waits to undo it: the connection is closed', async () => {
    await using script = await ScriptedServer.start(without('INSERT INTO b'))
    await using pool = through(script)
    const transaction = pool.transaction(async (tx) => {
      await tx.query('INSERT INTO a VALUES (1)')
      await tx.query('INSERT INTO b VALUES (1)').catch(() => {})
      await tx.query('INSERT INTO c VALUES (1)')
    })
    await expect(transaction).rejects.toMatchObject({ code: 'TRANSACTION_LOST', cause: NOT_SENT })
    await expect.poll(() => pool.stats().total).toBe(0)
    expect(script.heard).toEqual([
      'START TRANSACTION',
      'INSERT INTO a VALUES (1)',
      'INSERT INTO b VALUES (1)',
    ])
  })

  test.each(['START', 'INSERT', 'COMMIT'])(
    'at %s: `retries` runs the whole callback again',
    async (start) => {
      await using script = await ScriptedServer.start(without(start))
      await using pool = through(script)
      let runs = 0
      const work = () =>
        pool.transaction(async (tx) => void (await tx.query(`INSERT INTO notes VALUES (${++runs})`)), {
          retries: 1,
        })
      await work()
      expect(runs).toBe(start === 'START' ? 1 : 2)
      const last = script.heard.slice(-3)
      expect(last).toEqual(['START TRANSACTION', `INSERT INTO notes VALUES (${runs})`, 'COMMIT'])
      expect(script.heard).not.toContain('ROLLBACK')
      expect(script.opened).toBe(2)
    },
  )
})

describe('a connection that the proxy closes', () => {
  test('while it is idle, in its own time: no error, and no ping before the next statement', async () => {
    const by = await openByProxy(server.current, { proxy: true, validateAfter: 0 })
    await by.pool.query('SELECT 1')
    by.proxy.cut('FIN')
    await expect.poll(() => by.pool.stats().total).toBe(0)
    await by.pool.query('SELECT 2')
    await by.pool.query('SELECT 3')
    expect(by.proxy.commands.map(({ name, text }) => text || name)).toEqual([
      'SELECT 1',
      'SELECT 2',
      'SELECT 3',
    ])
    await by.close()
  })

  test('in the place of an answer: what became of the statement is unknown', async () => {
    const by = await openByProxy(server.current, { proxy: true })
    const failed = by.pool.query('DO SLEEP(5)').catch((error) => error)
    await expect.poll(() => by.proxy.commands.length).toBe(1)
    by.proxy.cut('FIN')
    expect(await failed).toMatchObject({ code: 'PROTOCOL_CONNECTION_LOST', outcome: 'unknown' })
    expect(by.proxy.commands).toHaveLength(1)
    await by.close()
  })
})
