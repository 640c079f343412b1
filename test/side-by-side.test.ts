import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import middy from '@middy/core'
import { sql } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/mysql2'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

/** A dev server in one process, as serverless-offline is: each request is an invocation, and several run at once. */

const server = databaseForFile()
let pool: Pool
let dev: Server
const leaks: (string | undefined)[] = []

type Behaviour =
  | 'commits'
  | 'throws'
  | 'forgets'
  | 'leaves a transaction open'
  | 'does not await'
  | 'is too slow'

beforeAll(async () => {
  await server.current.query('CREATE TABLE visits (id VARCHAR(40), step INT)')
  pool = createPool({ connection: server.current.url, connectionLimit: 3, deadlineMargin: 200 })
  pool.on('leak', ({ requestId }) => leaks.push(requestId))
  const orm = drizzle({ client: pool as never })
  const visit = (id: string, step: number) => sql`INSERT INTO visits VALUES (${id}, ${step})`
  const handler = middy<{ behaviour: Behaviour; id: string }>()
    .use(mysqlPool({ pool }))
    .handler(async ({ behaviour, id }, { db }) => {
      // Through the module's ORM, which knows nothing of invocations.
      const transaction = orm.transaction(async (tx) => {
        await tx.execute(visit(id, 1))
        if (behaviour === 'throws') throw new Error('sold out')
        if (behaviour === 'is too slow') await tx.execute(sql`SELECT SLEEP(9)`)
        await tx.execute(visit(id, 2))
      })
      if (behaviour === 'does not await') transaction.catch(() => {})
      else await transaction
      if (behaviour === 'forgets') await db.getConnection()
      if (behaviour !== 'leaves a transaction open') return
      const connection = await db.getConnection()
      await connection.beginTransaction()
      await connection.query('INSERT INTO visits VALUES (?, 3)', [id])
    })
  dev = createServer(async (request, response) => {
    const { searchParams } = new URL(request.url as string, 'http://dev')
    const event = Object.fromEntries(searchParams) as { behaviour: Behaviour; id: string }
    const timeout = event.behaviour === 'is too slow' ? 1000 : 20_000
    await handler(event as never, contextFor(timeout, event.id) as never).then(
      () => response.end('done'),
      (error) => response.end(error.code ?? error.message),
    )
  })
  await new Promise<void>((resolve) => dev.listen(0, '127.0.0.1', resolve))
})
beforeEach(() => server.current.query('TRUNCATE visits'))
afterAll(async () => {
  await new Promise((resolve) => dev.close(resolve))
  await pool.end()
})

async function request(behaviour: Behaviour, id: string): Promise<string> {
  const { port } = dev.address() as AddressInfo
  const query = new URLSearchParams({ behaviour, id })
  return (await fetch(`http://127.0.0.1:${port}/?${query}`)).text()
}

test('invocations side by side keep what is theirs, and only that', async () => {
  const behaviours: Behaviour[] = [
    'commits',
    'throws',
    'forgets',
    'leaves a transaction open',
    'does not await',
    'is too slow',
  ]
  const all = Array.from({ length: 36 }, (_, i) => [behaviours[i % 6] as Behaviour, `visit-${i}`] as const)
  const answers = await Promise.all(all.map(([behaviour, id]) => request(behaviour, id)))
  const rows = await server.current.query(
    'SELECT id, GROUP_CONCAT(step ORDER BY step) AS steps FROM visits GROUP BY id',
  )
  const steps = new Map(rows.map(({ id, steps }) => [id, steps]))
  for (const [i, [behaviour, id]] of all.entries()) {
    const committed = ['commits', 'forgets', 'leaves a transaction open'].includes(behaviour)
    if (committed) expect([behaviour, answers[i], steps.get(id)]).toEqual([behaviour, 'done', '1,2'])
    else if (behaviour === 'does not await')
      expect([undefined, '1,2']).toContain(steps.get(id)) // all or nothing
    else expect([behaviour, steps.get(id)]).toEqual([behaviour, undefined])
    if (behaviour === 'throws') expect(answers[i]).toContain('sold out')
    if (behaviour === 'is too slow') expect(answers[i]).not.toBe('done')
  }
  // Whoever left something is told, and nobody else.
  const careless = all
    .filter(([behaviour]) => /forgets|leaves|does not await/.test(behaviour))
    .map(([, id]) => id)
  expect(leaks.length).toBeGreaterThan(0)
  expect(leaks.filter((id) => !careless.some((one) => one === id))).toEqual([])
  expect(await request('commits', 'the-last')).toBe('done')
  expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 })
}, 60_000)
