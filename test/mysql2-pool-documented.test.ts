import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Pool as MysqlPool } from 'mysql2/promise'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
beforeEach(() => {
  pool = createPool({ connection: server.current.url, connectionLimit: 1 })
})
afterEach(() => pool.end())

const page = readFileSync(new URL('../docs/mysql2-pool.md', import.meta.url), 'utf8')

/** The cells of the table under a heading, without its head. */
function rowsUnder(heading: string): string[][] {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  const lines = section.split('\n').filter((line) => line.startsWith('|'))
  return lines.slice(2).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
}

const members = rowsUnder('What only one connection can have').map(([member, here, instead]) => ({
  name: String(member).replace(/[`()]/g, ''),
  here: String(here),
  instead: String(instead).replaceAll('`', ''),
}))
const refused = members.filter(({ here }) => here.includes('NOT_ON_A_POOL'))
const served = members.filter((member) => !refused.includes(member))

describe('a member that only one connection can have is refused:', () => {
  test.each(refused)('$name $here', async ({ name, here, instead }) => {
    expect(here).toMatch(/^(rejects with|throws) `NOT_ON_A_POOL`$/)
    const call = (pool as unknown as Record<string, () => unknown>)[name]?.bind(pool) as () => unknown
    const error = {
      code: 'NOT_ON_A_POOL',
      message: expect.stringMatching(new RegExp(`^${name}\\(\\) is of one connection`)),
    }
    const failure = here.startsWith('throws')
      ? await new Promise(call).catch((thrown) => thrown)
      : await (call() as Promise<never>).catch((rejected) => rejected)
    expect(failure).toMatchObject(error)
    expect(failure.message).toContain(`: use ${instead}`)
  })
})

describe('a member that only one connection can have means something:', () => {
  const means: Record<string, () => Promise<void> | void> = {
    connect: async () => {
      await pool.connect()
      expect(pool.stats()).toMatchObject({ idle: 1, inUse: 0 })
    },
    ping: async () => {
      const pings = async () =>
        (await server.current.query("SHOW GLOBAL STATUS LIKE 'Com_admin_commands'"))[0]?.Value
      const before = Number(await pings())
      await pool.ping()
      expect(Number(await pings())).toBe(before + 1)
    },
    threadId: () => expect(pool.threadId).toBe(0),
    state: async () => {
      expect(pool.state).toBe('disconnected')
      await pool.connect()
      expect(pool.state).toBe('authenticated')
      await server.current.killConnections()
      await expect.poll(() => pool.state).toBe('disconnected')
    },
    config: () => {
      const { host, port, user, database, password } = server.current
      expect(pool.config).toEqual({ host, port, user, database })
      expect(JSON.stringify(pool.config)).not.toContain(password)
    },
  }

  test('all of them are tried', () => {
    expect(Object.keys(means)).toEqual(served.map(({ name }) => name))
  })
  test.each(served)('$name $here', ({ name }) => means[name]?.())
})

describe('what is different is so:', () => {
  const differences: Record<string, () => Promise<void> | void> = {
    'events give the connection': async () => {
      const connected = once(pool, 'connection')
      await pool.connect()
      expect(await connected).toEqual([{ threadId: expect.any(Number) }])
    },
    'a released connection can still be used': async () => {
      const connection = await pool.getConnection()
      const statement = await connection.prepare('SELECT 1')
      connection.release()
      await expect(connection.query('SELECT 1')).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' })
      connection.release()
      await connection.rollback()
      await connection.end()
      await statement.close()
    },
    'a released connection keeps its state': async () => {
      const connection = await pool.getConnection()
      await connection.query('SET @mine = 1')
      connection.release()
      expect((await pool.query('SELECT @mine AS mine'))[0]).toEqual([{ mine: null }])
    },
    'a stream that nobody reads on holds its connection': async () => {
      const connection = await pool.getConnection()
      const stream = connection.stream('SELECT seq FROM seq_1_to_10000')
      await once(stream, 'readable')
      connection.release()
      await pool.query('SELECT 1')
      expect(stream.destroyed).toBe(true)
    },
    'a query’s `timeout` leaves the statement running': async () => {
      const slow = pool.query({ sql: 'SELECT SLEEP(20)', timeout: 50 })
      await expect(slow).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' })
      await pool.query('SELECT 1')
      expect(pool.stats().opened).toBe(2)
    },
    '`end()` refuses those who wait': async () => {
      const waiting = [1, 2, 3].map((value) => pool.query('SELECT ? AS value', [value]))
      const ended = pool.end()
      await expect(pool.query('SELECT 4')).rejects.toMatchObject({ code: 'POOL_ENDED' })
      expect((await Promise.all(waiting)).map(([[row]]) => row?.value)).toEqual([1, 2, 3])
      await ended
    },
    'a callback given to a promise method throws': async () => {
      const query = (pool as MysqlPool).query('SELECT 1', (() => {}) as never)
      await expect(query).rejects.toThrow('Callback function is not available with promise clients.')
    },
    '`config` holds the password': async () => {
      const connection = await pool.getConnection()
      const configs = [pool.config, pool.pool.config, connection.config, connection.connection.config]
      expect(JSON.stringify(configs)).not.toContain(server.current.password)
      connection.release()
    },
    '`execute()` of a callback connection gives events without a callback': () =>
      expect(() => pool.pool.execute('SELECT 1')).toThrow(TypeError),
    '`connection.end()` warns that it is deprecated': async () => {
      const connection = await pool.getConnection()
      await connection.end()
      expect(pool.stats()).toMatchObject({ idle: 1, opened: 1 })
    },
  }
  const rows = rowsUnder('What is different').map(([theirs]) => String(theirs).replaceAll("'", '’'))

  test('all of it is tried', () => {
    expect(Object.keys(differences)).toEqual(rows)
  })
  test.each(rows)('%s', (theirs) => differences[theirs]?.())
})
