import mysql from 'mysql2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createPool, type Pool, type PoolOptions, WarmpoolError } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let text: Pool
beforeAll(() => {
  text = createPool({ connection: server.current.url, proxy: true })
})
afterAll(() => text.end())

/** The rows, or the error's words. */
async function outcome(sql: string, values?: unknown): Promise<unknown> {
  return text.execute(sql, values as never).then(
    ([rows]) => rows,
    (error: Error) => error.message,
  )
}

describe('what execute does not take', () => {
  test.each<[what: string, values: unknown]>([
    ['undefined', [undefined]],
    ['undefined among others', [1, undefined]],
    ['a function', [() => 1]],
    ['an object without named placeholders', { a: 1 }],
    ['a text', 'x'],
    ['a number', 5],
    ['a map', [new Map()]],
    ['an instance of a class', [new (class Order {})()]],
  ])('%s: the words are those of mysql2', async (_, values) => {
    const driver = mysql.createConnection(server.current.url)
    try {
      const words = await new Promise((resolve) => {
        driver.on('error', () => {})
        // Some of them mysql2 throws at once, some only when it writes the packet.
        try {
          driver.execute('SELECT ? AS v', values as never, (error) => resolve(error?.message))
        } catch (error) {
          resolve((error as Error).message)
        }
      }).catch((error: Error) => error.message)
      expect(await outcome('SELECT ? AS v', values)).toBe(words)
    } finally {
      driver.destroy()
    }
    await expect(text.execute('SELECT ? AS v', values as never)).rejects.toThrow(TypeError)
  })

  test.each<[what: string, values: unknown[], message: string]>([
    ['NaN', [Number.NaN], 'Bind parameters must not contain NaN'],
    ['infinity', [Number.NEGATIVE_INFINITY], 'Bind parameters must not contain -Infinity'],
    ['an invalid date', [new Date('x')], 'Bind parameters must not contain an invalid Date'],
    [
      'JSON that is none',
      [{ toJSON: () => undefined }],
      'Bind parameters must not contain an object without JSON',
    ],
    ['too many', [1, 2], 'Bind parameters must be one for each placeholder, not 2 for 1'],
  ])('%s, which mysql2 sends as something else', async (_, values, message) => {
    await expect(text.execute('SELECT ? AS v', values as never)).rejects.toThrow(new TypeError(message))
  })

  test('names in the place of values', async () => {
    expect(await outcome('SELECT ?? AS v', ['s'])).toBe(
      'Bind parameters must be one for each placeholder, not 1 for 2',
    )
  })
})

describe('what is refused rather than guessed', () => {
  const refused = (pool: Pool, sql: string, values: unknown[]) =>
    expect(pool.execute(sql, values as never)).rejects.toMatchObject({
      constructor: WarmpoolError,
      code: 'TEXT_EXECUTE_REFUSED',
      outcome: 'not-sent',
    })

  test('any text under NO_BACKSLASH_ESCAPES, set by us or on the way', async () => {
    const options: PoolOptions = { connection: server.current.url, proxy: true }
    await using ours = createPool({ ...options, session: { sql_mode: 'NO_BACKSLASH_ESCAPES' } })
    await refused(ours, 'SELECT ? AS v', ["\\' OR 1 -- "])
    await text.withConnection(async (connection) => {
      await connection.query("SET sql_mode = 'NO_BACKSLASH_ESCAPES'")
      await expect(connection.execute('SELECT 1')).rejects.toThrow('NO_BACKSLASH_ESCAPES')
      await connection.query("SET sql_mode = ''")
      await connection.execute('SELECT 1')
    })
  })

  test('values in an executable comment, which a server may skip', async () => {
    await refused(text, 'SELECT 1 /*!99999 + ? */', ['*/ , 2 -- '])
    expect(await outcome('SELECT 1 /*!40000 + 1 */ AS v')).toEqual([{ v: 2 }])
  })

  test('quotes that ANSI_QUOTES would read otherwise', async () => {
    await refused(text, 'SELECT "\\"", ?', [1])
  })

  test('typed parameters', async () => {
    const { TypedParameter } = mysql as unknown as {
      TypedParameter: Record<string, (value: unknown) => object>
    }
    await refused(text, 'SELECT ? AS v', [TypedParameter.DATE?.('2024-02-29')])
  })
})
