import { readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { DEFAULTS, type PoolOptions, resolveOptions } from '../src/options.ts'
import { targetOf } from '../src/target/target.ts'
import { refusalOf } from './support/refusal.ts'

const page = readFileSync(new URL('../docs/options.md', import.meta.url), 'utf8')

/** The rows of the first table: option, default, accepted. */
const rows = [...(page.split('\n## ')[0] as string).matchAll(/^\| `(\w+)` +\| (.+?) +\| (.+?) +\|/gm)].map(
  ([, option, value, accepted]) => ({ option, value, accepted }) as Record<string, string>,
)

/** The pairs of the last block: options, and under them the message that they are refused with. */
const refusals = [...page.matchAll(/^\{ (.+) \}\n {2}(.+)$/gm)].map(([, given, message]) => [given, message])

/** As createPool reads options; the examples leave out the connection where it does not matter. */
function ask(given: string): void {
  const options = runInNewContext(`({ ${given} })`) as PoolOptions
  if (!/^(connection|host)\b/.test(given)) options.connection = { host: 'db' }
  const settings = resolveOptions(options, {})
  if (typeof settings.connection !== 'function') targetOf(settings.connection, settings)
}

test('every option has a row, in the order of the source, and no row is of another', () => {
  expect(rows.map(({ option }) => option)).toEqual(['connection', ...Object.keys(DEFAULTS)])
})

describe('the defaults are the true ones', () => {
  test.each(rows.slice(1))('$option: $value', ({ option, value }) => {
    expect(value).toBe(`\`${inspect(DEFAULTS[option as keyof typeof DEFAULTS])}\``)
  })
})

describe('what is accepted is what is accepted', () => {
  const ranges = rows.filter(({ accepted }) => /^\d+ to \d+$/.test(accepted as string))
  test('the numbers have ranges', () => {
    const numbers = [...Object.entries(DEFAULTS), ['acquireTimeout', 1], ['deadlineMargin', 1]] as const
    const named = new Set(numbers.filter(([, value]) => typeof value === 'number').map(([option]) => option))
    expect(new Set(ranges.map(({ option }) => option))).toEqual(named)
  })

  test.each(ranges)('$option: $accepted', ({ option, accepted }) => {
    const [from, to] = (accepted as string).split(' to ').map(Number) as [number, number]
    for (const value of [from, to]) ask(`${option}: ${value}`)
    for (const value of [from - 1, to + 1])
      expect(refusalOf(() => ask(`${option}: ${value}`)).message).toContain(`from ${from} to ${to}`)
  })

  test.each(rows.filter(({ accepted }) => /^`'/.test(accepted as string)))('$option: $accepted', (row) => {
    const words = [...(row.accepted as string).matchAll(/`('\w+'|true|false)`/g)].map(([, word]) => word)
    expect(words.length).toBeGreaterThan(1)
    for (const word of words) ask(`${row.option}: ${word}`)
    const { message } = refusalOf(() => ask(`${row.option}: 'neither'`))
    for (const word of words) expect(message).toContain(word)
  })
})

describe('what a bad value is told', () => {
  test('every option has an example', () => {
    const examples = refusals.map(([given]) => given).join('\n')
    expect(rows.filter(({ option }) => !examples.includes(`${option}: `))).toEqual([])
  })

  test.each(refusals)('{ %s }', (given, message) => {
    expect(refusalOf(() => ask(given as string)).message).toBe(message)
  })
})

test('the URLs lead where it says', () => {
  const urls = [...page.matchAll(/^\| `(mysql:.+?)`/gm)].map(([, url]) => url as string)
  expect(urls.map((connection) => resolveOptions({ connection }, {}).connection)).toEqual([
    { host: 'db.example', port: 3306, user: 'shop', password: 'p@ss', database: 'shop', driver: {} },
    { host: '2001:db8::7', port: 3307, user: 'shop', database: 'shop', driver: {} },
    {
      host: 'localhost',
      port: 3306,
      socketPath: '/run/mysqld/mysqld.sock',
      user: 'shop',
      password: 'pass',
      database: 'shop',
      driver: {},
    },
    {
      host: 'db.example',
      port: 3306,
      user: 'shop',
      database: 'shop',
      driver: { dateStrings: true, charset: 'utf8mb4_bin' },
    },
  ])
})

test('the environment variables are the ones that are read', () => {
  const read = new Set<string>()
  const env = new Proxy({ DB_HOST: 'db' } as NodeJS.ProcessEnv, {
    get: (all, name: string) => {
      read.add(name)
      return all[name]
    },
  })
  resolveOptions({}, env)
  const told = [...page.matchAll(/`(DATABASE_URL|DB_\w+)`/g)].map(([, name]) => name as string)
  expect(new Set(told)).toEqual(read)
})
