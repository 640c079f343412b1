import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { DEFAULTS, type PoolOptions, resolveOptions } from '../src/options.ts'
import { refusalOf } from './support/refusal.ts'

const connection = { host: 'db.example' }

/** The message with which options are refused. */
function refused(options: unknown): string {
  return refusalOf(() => resolveOptions(options as PoolOptions, {})).message
}

describe('options that do not exist', () => {
  test('all that do are listed', () => {
    expect(refused({ connection, conectionLimit: 5 })).toBe(
      `conectionLimit: received an option that does not exist; accepted: connection, ${Object.keys(DEFAULTS).join(', ')}`,
    )
  })

  test('one that differs by its case is named', () => {
    expect(refused({ connection, connectionlimit: 5 })).toBe(
      'connectionlimit: received an option that does not exist; accepted: connectionLimit (mind the case)',
    )
    expect(refused({ connection: { Host: 'h' } })).toBe(
      'connection.Host: received an option that does not exist; accepted: host (mind the case)',
    )
  })

  test('one that came from JSON cannot hide', () => {
    expect(refused({ connection, ...JSON.parse('{"constructor": 1}') })).toContain('constructor: received')
  })
})

describe('options in the wrong place', () => {
  test.each([
    ['connectionLimit', 'connectionLimit beside connection'],
    ['queueLimit', 'queueLimit beside connection'],
    ['connectTimeout', 'connectTimeout beside connection'],
    ['idleTimeout', 'idleTimeout beside connection'],
    ['resetOnRelease', "sessionReset: 'always' beside connection"],
    ['waitForConnections', 'nothing: callers wait up to acquireTimeout, at most queueLimit of them'],
    ['password1', 'password'],
  ])('connection.%s is told where it went', (option, instead) => {
    expect(refused({ connection: { ...connection, [option]: 1 } })).toBe(
      `connection.${option}: received an option that the pool decides itself; accepted: ${instead}`,
    )
  })

  test.each(['host', 'user', 'password', 'database', 'ssl', 'uri', 'dateStrings'])(
    '%s beside connection is told where it goes',
    (option) => {
      expect(refused({ [option]: 'x' })).toBe(
        `${option}: received an option of the connection; accepted: connection: { ${option} }`,
      )
    },
  )

  test('every option of the installed mysql2 has been decided upon', () => {
    const require = createRequire(import.meta.url)
    const path = require.resolve('mysql2').replace('index.js', 'lib/connection_config.js')
    const list = /const validOptions = \{([\s\S]*?)\};/.exec(readFileSync(path, 'utf8'))?.[1] ?? ''
    const options = [...list.matchAll(/^ {2}(\w+): 1,$/gm)].map(([, option]) => option as string)
    expect(options.length).toBeGreaterThan(40)
    const unknown = options.filter((option) => {
      try {
        resolveOptions({ connection: { [option]: 'x' } } as PoolOptions, {})
        return false
      } catch (error) {
        return (error as Error).message.includes('does not exist')
      }
    })
    expect(unknown).toEqual([])
  })
})
