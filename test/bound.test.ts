import { afterEach, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { sampleConnections } from './support/sample-connections.ts'

const server = databaseForFile()
let pool: Pool
afterEach(() => pool.end())

test('50 parallel queries on a limit of 2 never show more than 2 connections', async () => {
  pool = createPool({ connection: server.current.url, connectionLimit: 2 })
  const samples = sampleConnections(server.current)
  const results = await Promise.all(
    Array.from({ length: 50 }, (_, i) => pool.query(`SELECT SLEEP(0.01), ${i} AS i`)),
  )
  const { most, taken } = await samples.stop()
  expect(results.map(([rows]) => rows[0]?.i)).toEqual(Array.from({ length: 50 }, (_, i) => i))
  expect(taken).toBeGreaterThan(10)
  expect(most).toBe(2)
})

test('the bound holds while connections are replaced', async () => {
  pool = createPool({ connection: server.current.url, connectionLimit: 2, maxLifetime: 30 })
  const samples = sampleConnections(server.current)
  for (let round = 0; round < 20; round++) {
    const queries = Array.from({ length: 6 }, () => pool.query('SELECT SLEEP(0.005)'))
    await Promise.all(queries)
  }
  const { most } = await samples.stop()
  expect(pool.stats().opened).toBeGreaterThan(4)
  expect(most).toBeLessThanOrEqual(2)
})

test('the bound holds across invocations that leave connections behind', async () => {
  pool = createPool({ connection: server.current.url, connectionLimit: 2, onLeak: 'ignore' })
  const samples = sampleConnections(server.current)
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const connection = await pool.getConnection()
    await connection.query('SET @left = 1')
    await pool.query('SELECT SLEEP(0.002)')
  })
  for (let i = 0; i < 30; i++) await handler({}, contextFor())
  const { most } = await samples.stop()
  expect(most).toBeLessThanOrEqual(2)
  expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 })
})
