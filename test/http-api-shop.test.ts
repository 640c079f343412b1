import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { type Database, startDatabase } from '../local/src/database/database.ts'
import { processStates } from '../local/src/lambda/process-state.ts'
import { Started } from './support/started-command.ts'

const gone = (pid: number) => processStates(pid).every((state) => state === 'Z')
const patient = { timeout: 10_000, interval: 20 }

describe('npx warmpool-local start, before the shop,', { timeout: 30_000 }, () => {
  let database: Database
  let started: Started
  let url: string

  beforeAll(async () => {
    vi.stubEnv('DATABASE_URL', undefined)
    database = await startDatabase()
    const setup = ['--setup', 'scripts/shop-setup.ts']
    started = new Started(database.url, '--port', '0', '--freeze-after', '300ms', ...setup)
    url = await vi.waitFor(() => started.url ?? expect.fail(started.errors.join('\n')), {
      ...patient,
      timeout: 30_000,
    })
  })
  afterAll(async () => {
    await started?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  async function fetched(path: string, init?: RequestInit) {
    const response = await fetch(url + path, init)
    const text = await response.text()
    const isJson = response.headers.get('content-type')?.includes('json')
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
  }

  /** Requests wait at the database until the lock is given up. */
  async function lockOrders() {
    const connection = await createConnection(database.url)
    await connection.query('LOCK TABLES orders WRITE')
    return {
      waiting: async () => {
        const rows = await database.connections()
        return rows.filter(({ State }) => /waiting for table/i.test(String(State)))
      },
      unlock: () => connection.end(),
    }
  }

  /** What is told of each request, in columns. */
  const rows = () =>
    started.lines.flatMap((line) => {
      const [, method, path, status, start, container, use] =
        /^([A-Z]+|invoke) +(\S+) +(\d{3}) +[\d.]+ m?s(?: +(\w+) +(\d+) +(.*))?$/.exec(line) ?? []
      return method === undefined
        ? []
        : [{ method, path, status: Number(status), start, container: Number(container), use }]
    })

  it('lists the routes, and the functions that have none', () => {
    const before = started.lines.slice(
      0,
      started.lines.findIndex((line) => line.includes(url)),
    )
    expect(before.map((line) => line.trim().replace(/ {2,}/g, ' | '))).toEqual([
      'GET /orders/{id} | getOrder',
      'POST /orders | placeOrder',
      'GET /products | listProducts',
      'sqs | importOrders (by invoke only)',
      'no event | migrate (by invoke only)',
    ])
  })

  it('answers as the deployed shop would, and tells each request', async () => {
    expect(await fetched('/orders/1')).toMatchObject({ status: 200, body: { id: 1 } })
    expect(await fetched('/orders/999999')).toMatchObject({ status: 404, body: 'There is no order 999999.' })
    expect(await fetched('/nothing?at=all')).toMatchObject({ status: 404, body: { message: 'Not Found' } })
    expect(await fetched('/products?after=498')).toMatchObject({
      status: 200,
      body: { products: [{ id: 499 }, { id: 500 }] },
    })
    const order = JSON.stringify({ customerId: 7, lines: [{ productId: 11, quantity: 2 }] })
    const json = { 'Content-Type': 'application/json', 'Idempotency-Key': 'once' }
    const placed = await fetched('/orders', { method: 'POST', headers: json, body: order })
    expect(placed).toMatchObject({ status: 201, body: { id: expect.any(Number) } })
    expect(placed.headers.get('location')).toBe(`/orders/${placed.body.id}`)
    const [counted] = await database.query<RowDataPacket[]>(
      'SELECT COUNT(*) AS lines_ FROM order_lines WHERE order_id = ?',
      [placed.body.id],
    )
    expect(counted).toEqual({ lines_: 1 })
    await vi.waitFor(() => expect(rows()).toHaveLength(5), patient)
    expect(rows().slice(0, 3)).toMatchObject([
      {
        method: 'GET',
        path: '/orders/1',
        status: 200,
        start: 'cold',
        container: 1,
        use: '1 opened, 0 reused',
      },
      {
        path: '/orders/999999',
        status: 404,
        start: expect.stringMatching(/warm|thawed/),
        use: '0 opened, 1 reused',
      },
      { path: '/nothing', status: 404, start: undefined },
    ])
  })

  it('invokes functions for an AWS client, and passes on the error of one that fails', async () => {
    const invoked = (name: string, payload: unknown) =>
      fetched(`/2015-03-31/functions/${name}/invocations`, { method: 'POST', body: JSON.stringify(payload) })
    expect(await invoked('importOrders', { Records: [] })).toMatchObject({
      status: 200,
      body: { batchItemFailures: [] },
    })
    const { waiting, unlock } = await lockOrders()
    const migrated = invoked('warmpool-shop-dev-migrate', {})
    const [migration] = await vi.waitFor(async () => {
      expect(await waiting()).toHaveLength(1)
      return waiting()
    }, patient)
    await database.query(`KILL ${migration?.Id}`)
    const failed = await migrated
    await unlock()
    expect(failed).toMatchObject({
      status: 200,
      body: { errorType: expect.any(String), errorMessage: expect.any(String) },
    })
    expect(failed.headers.get('x-amz-function-error')).toBe('Unhandled')
    const told = `migrate: ${failed.body.errorType}: ${failed.body.errorMessage}`
    await vi.waitFor(() => expect(started.errors).toContain(told), patient)
  })

  it('freezes idle containers, and thaws the one that was used last', async () => {
    const frozen = () => started.containers.every((pid) => new Set(processStates(pid)).has('T'))
    await vi.waitFor(() => expect(frozen()).toBe(true), patient)
    expect(started.containers.length).toBeGreaterThanOrEqual(4)
    await database.killConnections()
    const before = rows().length
    expect(await fetched('/orders/2')).toMatchObject({ status: 200, body: { id: 2 } })
    await vi.waitFor(() => expect(rows()).toHaveLength(before + 1), patient)
    expect(rows().at(-1)).toMatchObject({
      start: 'thawed',
      container: 1,
      use: '1 opened, 0 reused, 1 replaced',
    })
  })

  it('has a container for each request at once', async () => {
    const before = rows().length
    const { waiting, unlock } = await lockOrders()
    const answers = Promise.all(['/orders/1', '/orders/2', '/orders/3'].map((path) => fetched(path)))
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(3), patient)
    await unlock()
    expect(await answers).toMatchObject([{ body: { id: 1 } }, { body: { id: 2 } }, { body: { id: 3 } }])
    await vi.waitFor(() => expect(rows()).toHaveLength(before + 3), patient)
    expect(
      new Set(
        rows()
          .slice(before)
          .map(({ container }) => container),
      ),
    ).toEqual(new Set([1, 2, 3]))
  })

  it('says that its port is taken', async () => {
    await using second = new Started(database.url, '--port', new URL(url).port)
    expect(await second.end()).toBe(3)
    const port = new URL(url).port
    expect(second.errors).toEqual([`The port ${port} of 127.0.0.1 is taken: choose another with --port.`])
  })

  it('answers what is under way after Ctrl-C, and leaves no process and no connection', async () => {
    const { waiting, unlock } = await lockOrders()
    const answer = fetched('/orders/3')
    await vi.waitFor(async () => expect(await waiting()).toHaveLength(1), patient)
    const { containers } = started
    started.interrupt()
    await vi.waitFor(() => expect(started.errors.join('\n')).toContain('Ctrl-C again ends at once'), patient)
    await expect(fetch(`${url}/orders/1`)).rejects.toThrow()
    await unlock()
    expect(await answer).toMatchObject({ status: 200, body: { id: 3 } })
    expect(await started.end()).toBe(130)
    expect(rows().at(-1)).toMatchObject({ path: '/orders/3', status: 200 })
    expect(containers.filter((pid) => !gone(pid))).toEqual([])
    await vi.waitFor(async () => expect(await database.connections()).toEqual([]), patient)
  })
})
