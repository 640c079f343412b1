import middy from '@middy/core'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { sharedOf } from '../src/pool.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let [shop, archive]: Pool[] = []
let told: string[]

beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  told = []
  ;[shop, archive] = ['shop', 'archive'].map((name) => {
    const pool = createPool({ connection: server.current.url, name, connectionLimit: 1 })
    sharedOf(pool).events.on('invocationEnd', ({ endedBy }) => told.push(`${name}: ${endedBy}`))
    return pool
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await Promise.all([shop?.end(), archive?.end()])
})

const both = () =>
  middy()
    .use(mysqlPool({ pool: shop as Pool }))
    .use(mysqlPool({ pool: archive as Pool, contextKey: 'archive' }))

test('a handler with two databases has an invocation of each, by their module pools too', async () => {
  let late: Promise<unknown>[] = []
  const handler = both().handler(async (_event, { db, archive: other }) => {
    const rows = await Promise.all(
      [db, other, shop as Pool, archive as Pool].map((on) => on.query('SELECT 1 AS one')),
    )
    setImmediate(() => {
      late = [shop, archive].map((pool) => (pool as Pool).query('SELECT 1').catch(({ code }) => code))
    })
    return rows.map(([[row]]) => row)
  })
  expect(await handler({}, contextFor() as never)).toEqual(Array(4).fill({ one: 1 }))
  await vi.waitFor(() => expect(late).toHaveLength(2))
  expect(await Promise.all(late)).toEqual(['INVOCATION_ENDED', 'INVOCATION_ENDED'])
  expect(told.sort()).toEqual(['archive: after', 'shop: after'])
})

test('an early answer of another middleware ends both', async () => {
  const handler = both().before(async ({ context }) => {
    await Promise.all([context.db.getConnection(), context.archive.getConnection()])
    return 'early'
  })
  expect(await handler({}, contextFor() as never)).toBe('early')
  expect(told.sort()).toEqual(['archive: early response', 'shop: early response'])
  await vi.waitFor(() => expect([shop?.stats().idle, archive?.stats().idle]).toEqual([1, 1]))
})

test('both are watched when a middleware between them has replaced the event', async () => {
  const handler = middy()
    .use(mysqlPool({ pool: shop as Pool }))
    .before((request) => {
      request.event = { replaced: true }
    })
    .use(mysqlPool({ pool: archive as Pool, contextKey: 'archive' }))
    .handler(async (event) => event)
  expect(await handler({}, contextFor() as never)).toEqual({ replaced: true })
  expect(told.sort()).toEqual(['archive: after', 'shop: after'])
})
