import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { beforeAll, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile({ tls: true })

/** Each way to end, in a process of its own that has nothing else to do. */
const WAYS: Record<string, string> = {
  'after queries': `
    await Promise.all([pool.query('SELECT 1'), pool.execute('SELECT 2')])
    await pool.end()`,
  'over TLS': `
    const { ca } = process.env
    const secure = createPool({ connection: process.env.DATABASE_URL.replace('127.0.0.1', 'localhost'), tls: { ca } })
    await secure.query('SELECT 1')
    await secure.end()
    await pool.end()`,
  'when work had to be stopped': `
    const work = Promise.allSettled([1, 2, 3].map(() => pool.query('SELECT SLEEP(60)')))
    await pool.end({ timeout: 100 })
    await work`,
  'with a connection never given back, in a transaction': `
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await pool.end({ timeout: 20 })`,
  'before it has connected': `
    const one = pool.query('SELECT 1')
    await pool.end()
    await one`,
  'while it waits for a password': `
    const credentials = () => new Promise(() => {})
    const unnamed = createPool({ connection: { host: '127.0.0.1', user: 'nobody' }, credentials })
    unnamed.query('SELECT 1').catch(() => {})
    await unnamed.end({ timeout: 20 })
    await pool.end()`,
  'while it waits to try again': `
    const refused = createPool({ connection: { host: '127.0.0.1', port: 1, user: 'nobody' } })
    refused.query('SELECT 1').catch(() => {})
    await new Promise((resolve) => setTimeout(resolve, 20))
    await refused.end({ timeout: 20 })
    await pool.end()`,
  'inside an invocation that has minutes left, and never ends': `
    const context = { awsRequestId: 'one', getRemainingTimeInMillis: () => 600_000 }
    await new Promise((ended) =>
      pool.wrap(async () => {
        await pool.query({ sql: 'SELECT 1', timeout: 60_000 })
        ended(pool.end())
        return new Promise(() => {})
      })({}, context))`,
  'in a listener for a signal': `
    await pool.query('SELECT 1')
    const ended = new Promise((resolve) => process.once('SIGUSR2', () => resolve(pool.end())))
    process.kill(process.pid, 'SIGUSR2')
    await ended`,
}

const program = (way: string) => `
  import { createPool } from 'warmpool'
  process.on('SIGUSR2', () => {}) // what Node itself opens for a first listener, and for a first line
  console.log('begins')
  console.warn('begins')
  const before = process.getActiveResourcesInfo()
  const pool = createPool()
  ${way}
  await new Promise((resolve) => setImmediate(() => setImmediate(resolve))) // what is closed closes in a turn
  const left = process.getActiveResourcesInfo()
  for (const name of before) if (left.includes(name)) left.splice(left.indexOf(name), 1)
  console.log(JSON.stringify(left))`

let ran: Record<string, Promise<string>>
beforeAll(() => {
  const env = { ...process.env, DATABASE_URL: server.current.url, ca: server.current.ca }
  // It would be killed if it did not end by itself.
  const run = async (way: string) => {
    const args = ['--input-type=module', '--eval', program(way)]
    const { stdout } = await promisify(execFile)(process.execPath, args, { env, timeout: 20_000 })
    return stdout.trim().split('\n').at(-1) ?? ''
  }
  ran = Object.fromEntries(Object.entries(WAYS).map(([name, way]) => [name, run(way)]))
  for (const one of Object.values(ran)) one.catch(() => {})
})

test.each(Object.keys(WAYS))('nothing keeps a process alive that has ended its pool: %s', async (way) => {
  expect(await ran[way]).toBe('[]')
})
