import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'
import { keepSecret, secretsIn } from './support/secrets.ts'

const SECRET = 'correct/horse+battery=staple'
const ENCODED = encodeURIComponent(SECRET)
keepSecret(SECRET)

const server = databaseForFile()
const repository = join(import.meta.dirname, '..')
// Inside the repository, where handlers find the package by its name.
const cache = join(repository, 'node_modules/.cache')
mkdirSync(cache, { recursive: true })
const directory = mkdtempSync(join(cache, 'handler-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** What a script of ours prints, in all. */
function outputOf(script: string, args: string[], env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    const options = { cwd: repository, env: { ...process.env, ...env } }
    execFile(process.execPath, [join(repository, script), ...args], options, (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}

const command = 'local/src/cli/main.ts'
const invoke = [command, 'invoke', 'handlers/get-order.ts', '--event', 'test/events/get-order.json']
const seed = ['scripts/seed.ts']
const unencoded = `mysql://shop:${SECRET}@127.0.0.1:1/shop`
const withWrongPassword = () => server.current.url.replace(/:[^:@]+@/, `:${ENCODED}@`)

test.each<[what: string, script: string[], url: () => string, said: RegExp]>([
  ['invoke, a wrong password', invoke, withWrongPassword, /Access denied/],
  ['seed, a wrong password', seed, withWrongPassword, /Access denied/],
  ['invoke, nobody listening', invoke, () => `mysql://shop:${ENCODED}@127.0.0.1:1/shop`, /ECONNREFUSED/],
  ['invoke, a password that is not encoded', invoke, () => unencoded, /DATABASE_URL/],
  ['seed, a password that is not encoded', seed, () => unencoded, /DATABASE_URL/],
])('a DATABASE_URL that fails is not printed: %s', async (_, [script, ...args], url, said) => {
  const output = await outputOf(String(script), args, { DATABASE_URL: url() })
  expect(output).toMatch(said)
  expect(secretsIn(output)).toEqual([])
})

/** Prints what it has, and fails with where it cannot get in. */
const HANDLER = `
  import { inspect } from 'node:util'
  import mysqlPool, { createPool } from 'warmpool'
  const print = (...things) => console.log(...things.map((thing) => inspect(thing, { depth: Infinity, showHidden: true })))
  const pool = createPool()
  const place = pool.config
  const lost = createPool({ connection: { ...place, port: 1, password: ${JSON.stringify(SECRET)} }, connectTimeout: 20 })
  print(pool, pool.pool, pool.config, mysqlPool({ pool }), lost)
  export const handler = pool.wrap(async () => {
    const connection = await pool.getConnection()
    print(connection, connection.connection, connection.config)
    console.error(await lost.query('SELECT 1').catch((error) => error))
    await lost.query('SELECT 1')
  })`

test.each(['loop', 'auto'])(
  'a handler that prints all it has, under the runtime %s, prints none',
  async (runtime) => {
    const file = join(directory, 'handler.ts')
    writeFileSync(file, HANDLER)
    const args = ['invoke', file, '--runtime', runtime, '--full']
    const output = await outputOf(command, args, { DATABASE_URL: server.current.url })
    expect(output).toContain('cannot connect to 127.0.0.1:1 as warmpool')
    expect(secretsIn(output)).toEqual([])
  },
)
