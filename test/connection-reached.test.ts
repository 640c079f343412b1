import { inspect } from 'node:util'
import { afterEach, beforeAll, expect, test, vi } from 'vitest'
import { createPool, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { keepSecret } from './support/secrets.ts'

const NASTY = 'p@ss:w/o#r?d%20"\''
keepSecret(NASTY)

const server = databaseForFile()
const encoded = encodeURIComponent(NASTY)
beforeAll(async () => {
  const { current: db } = server
  await db.query('CREATE USER nasty@`%` IDENTIFIED BY ?', [NASTY])
  await db.query('CREATE USER nasty@localhost IDENTIFIED BY ?', [NASTY])
  await db.query(`GRANT ALL ON ${db.database}.* TO nasty@\`%\``)
  await db.query(`GRANT ALL ON ${db.database}.* TO nasty@localhost`)
})

afterEach(() => {
  vi.unstubAllEnvs()
})

/** Who the server thinks is there, and by which way. */
async function answerOf(connection: NonNullable<PoolOptions['connection']>): Promise<unknown> {
  await using pool = createPool({ connection })
  const [rows] = await pool.query(
    `SELECT USER AS user, DB AS db, HOST LIKE '%:%' AS tcp
      FROM information_schema.PROCESSLIST WHERE ID = CONNECTION_ID()`,
  )
  return rows[0]
}

test('a password of special characters arrives by URL, by object and through the socket', async () => {
  const { host, port, database, socketPath } = server.current
  const place = encodeURIComponent(socketPath as string)
  const overTcp = [
    `mysql://nasty:${encoded}@${host}:${port}/${database}`,
    new URL(`mysql://nasty:${encoded}@${host}:${port}/${database}`),
    { uri: `mysql://nasty@${host}:${port}/${database}`, password: NASTY },
    { host, port, user: 'nasty', password: NASTY, database },
  ]
  const throughSocket = [
    `mysql://nasty:${encoded}@localhost/${database}?socketPath=${place}`,
    { socketPath: socketPath as string, user: 'nasty', password: NASTY, database },
  ]
  for (const connection of overTcp)
    expect(await answerOf(connection)).toEqual({ user: 'nasty', db: database, tcp: 1 })
  for (const connection of throughSocket)
    expect(await answerOf(connection)).toEqual({ user: 'nasty', db: database, tcp: 0 })
})

test('from the environment', async () => {
  const { host, port, database } = server.current
  vi.stubEnv('DATABASE_URL', undefined)
  vi.stubEnv('DB_HOST', host)
  vi.stubEnv('DB_PORT', String(port))
  vi.stubEnv('DB_USER', 'nasty')
  vi.stubEnv('DB_PASSWORD', NASTY)
  vi.stubEnv('DB_NAME', database)
  await using pool = createPool()
  const [rows] = await pool.query('SELECT DATABASE() AS db')
  expect(rows).toEqual([{ db: database }])
})

test('a password that is not the right one is in no error', async () => {
  const { host, port, database } = server.current
  const wrong = `wrong-${NASTY}`
  await using pool = createPool({ connection: { host, port, user: 'nasty', password: wrong, database } })
  const error = await pool.query('SELECT 1').catch((cause: unknown) => cause)
  const said = `${inspect(error, { depth: Infinity, showHidden: true })} ${(error as Error).stack}`
  expect(said).toContain("Access denied for user 'nasty'")
  expect(said).not.toContain('wrong-')
  expect(inspect(pool, { depth: Infinity, showHidden: true })).not.toContain('wrong-')
  expect(inspect(pool.config)).not.toContain('wrong-')
})

test('query parameters shape results', async () => {
  await using pool = createPool({ connection: `${server.current.url}?rowsAsArray=true&dateStrings=true` })
  const [rows] = await pool.query("SELECT TIMESTAMP '2024-02-29 12:00:00' AS at")
  expect(rows).toEqual([['2024-02-29 12:00:00']])
})
