import { AsyncResource } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Connection, createPool, type Database, type Pool } from '../src/index.ts'
import { sharedOf } from '../src/pool.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'
import { ARRANGEMENTS, chainOf, type Told, toldBy, WAYS } from './support/ways-to-end.ts'

const server = databaseForFile()
let proxy: TcpProxy
let cells = 0

beforeAll(async () => {
  vi.stubGlobal('awslambda', { streamifyResponse: <H>(handler: H) => handler })
  proxy = await TcpProxy.to(server.current)
  await server.current.query('CREATE TABLE notes (text VARCHAR(100))')
  await server.current.query('SET SESSION TRANSACTION ISOLATION LEVEL READ UNCOMMITTED')
})
beforeEach(() => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  return () => vi.restoreAllMocks()
})
afterAll(() => proxy[Symbol.asyncDispose]())

/** How Lambda's runtime calls handlers: one at a time, or several at once, as it says when the pool is created. */
const MODES = ['one at a time', 'beside another'] as const
type Mode = (typeof MODES)[number]

/** An invocation that leaves things behind, and what is seen of its end. */
class Cell {
  readonly name = `cell-${++cells}`
  readonly pool: Pool
  readonly told: string[] = []
  /** What statements started after the end, and calls that clean up, came to. */
  readonly late: Promise<unknown>[] = []
  readonly left = Promise.withResolvers<Connection>()

  constructor(mode: Mode) {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    if (mode === 'beside another') vi.stubEnv('AWS_LAMBDA_MAX_CONCURRENCY', '2')
    const connection = proxy.url(server.current.url)
    const connectionLimit = mode === 'beside another' ? 2 : 1
    this.pool = createPool({ connection, connectionLimit, name: this.name, deadlineMargin: 150 })
    vi.unstubAllEnvs()
    sharedOf(this.pool).events.on('invocationEnd', ({ requestId, endedBy }) => {
      if (requestId === this.name) this.#ended(endedBy)
    })
  }

  /** An open transaction with an insert, and a variable of the session. */
  async leave(database: Database | Pool = this.pool): Promise<Connection> {
    const connection = await database.getConnection()
    this.left.resolve(connection)
    await connection.query('SET @left = 1')
    await connection.beginTransaction()
    await connection.query(`INSERT INTO notes VALUES ('${this.name}')`)
    const late = `INSERT INTO notes VALUES ('late ${this.name}')`
    const codeOf = (call: Promise<unknown>) =>
      call.then(
        () => 'ran',
        ({ code }) => code,
      )
    this.tryLate = AsyncResource.bind(() => {
      this.late.push(codeOf(database.query(late)), codeOf(connection.query(late)))
    })
    return connection
  }

  /** Starts statements of the invocation's own, in its async context. */
  tryLate: () => void = () => {}

  #ended(by: string): void {
    this.told.push(by)
    this.tryLate()
  }

  async next(): Promise<RowDataPacket> {
    const handler = this.pool.wrap(async (_event: unknown, _context: unknown) => {
      const [[row]] = await this.pool.query('SELECT CONNECTION_ID() AS id, @left AS rest')
      return row as RowDataPacket
    })
    return handler({}, contextFor(10_000))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end({ timeout: 100 })
    await expect.poll(idsOf).toEqual([])
  }

  /** The texts that reached the server, of those that name the cell. */
  get sent(): string[] {
    return proxy.commands.map(({ text }) => text).filter((text) => text.includes(this.name))
  }
}

/** Another invocation of the same container, with a transaction under way. */
function another(cell: Cell) {
  const [opened, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const handler = cell.pool.wrap(async (_event: unknown, _context: unknown) =>
    cell.pool.transaction(async (tx) => {
      await tx.query(`INSERT INTO notes VALUES ('other of ${cell.name}, first')`)
      opened.resolve()
      await over.promise
      await tx.query(`INSERT INTO notes VALUES ('other of ${cell.name}, second')`)
    }),
  )
  const running = handler({}, contextFor(10_000))
  const goOn = (): Promise<unknown> => {
    over.resolve()
    return running
  }
  return { opened: opened.promise, goOn }
}

/** Uncommitted ones too. */
const notesOf = async ({ name }: Cell) =>
  (await server.current.query('SELECT text FROM notes WHERE text LIKE ? ORDER BY text', [`%${name}%`])).map(
    ({ text }) => text,
  )
const idsOf = async () => (await server.current.connections()).map(({ Id }) => Id)

interface Ending {
  readonly told: Told
  /** Calls the handler. @returns settles when it has answered, if it does */
  readonly call: (cell: Cell) => unknown
  /** Its connection has to be replaced. */
  readonly stopped?: boolean | undefined
}

/** Brings an invocation to its end and asks the server about it. */
async function see(mode: Mode, { told, call, stopped }: Ending): Promise<void> {
  await using cell = new Cell(mode)
  const beside = mode === 'beside another' ? another(cell) : undefined
  await beside?.opened
  const byDeadline = told === 'nobody' && beside !== undefined
  const answer = Promise.resolve(call(cell)).catch(() => {})
  if (told !== 'next invocation') await answer
  else await expect.poll(() => cell.sent).toHaveLength(1)
  if (told === 'nobody') expect(cell.told).toEqual([])
  const before = await idsOf()
  if (byDeadline) {
    await expect.poll(() => notesOf(cell), { timeout: 5000 }).toEqual([`other of ${cell.name}, first`])
    cell.tryLate()
  }
  if (beside) await beside.goOn()
  const [first, second] = [await cell.next(), await cell.next()]
  const expected = told === 'nobody' && !beside ? 'next invocation' : told
  expect(cell.told).toEqual(byDeadline || told === 'nothing' ? [] : [expected])
  expect(await Promise.all(cell.late)).toEqual(refusals(told, byDeadline, stopped))
  expect(cell.sent.filter((text) => !text.includes('other'))).toHaveLength(told === 'nothing' ? 0 : 1)
  expect(await notesOf(cell)).toEqual(
    beside ? [`other of ${cell.name}, first`, `other of ${cell.name}, second`] : [],
  )
  expect([first.rest, second.rest]).toEqual([null, null])
  if (!stopped && !byDeadline && told !== 'nothing') expect(before).toContain(first.id)
  if (!stopped && !byDeadline) expect(cell.pool.stats().opened).toBe(beside && told !== 'nothing' ? 2 : 1)
  expect((await idsOf()).length).toBeLessThanOrEqual(beside ? 2 : 1)
}

/** Of a statement on any connection, and of one on the connection that was left behind. */
function refusals(told: Told, byDeadline: boolean, stopped = false): string[] {
  if (told === 'nothing') return []
  return [byDeadline, byDeadline || stopped].map((late) => (late ? 'DEADLINE_EXCEEDED' : 'INVOCATION_ENDED'))
}

describe.each(MODES)('%s', (mode) => {
  describe.each(ARRANGEMENTS)('mysqlPool %s', (arrangement) => {
    test.each(WAYS)('$name', async (way) => {
      const told = toldBy(way, arrangement)
      const timeout = told === 'nobody' ? 400 : way.timeout
      const call = (cell: Cell) =>
        chainOf(cell.pool, { ...way, ...(timeout && { timeout }) }, arrangement, (db) => cell.leave(db))(
          cell.name,
        )
      await see(mode, { told, call, stopped: way.stopped })
    })
  })

  const wrapped =
    (after: (connection: Connection) => unknown, timeout = 10_000) =>
    (cell: Cell) => {
      const handler = cell.pool.wrap(async (_event: unknown, _context: unknown) => after(await cell.leave()))
      return handler({}, contextFor(timeout, cell.name))
    }

  test.each<[string, Ending]>([
    ['returns', { told: 'wrap', call: wrapped(() => 'answered') }],
    ['throws', { told: 'wrap', call: wrapped(() => Promise.reject(new Error('sold out'))) }],
    [
      'is stopped by its deadline',
      {
        told: 'wrap',
        call: wrapped((connection) => connection.query('SELECT SLEEP(20)'), 250),
        stopped: true,
      },
    ],
  ])('a wrapped handler %s', (_name, ending) => see(mode, ending))

  test('a wrapped handler throws before it returns a promise', async () => {
    await using cell = new Cell(mode)
    await cell.next()
    const handler = cell.pool.wrap((_event: unknown, _context: unknown): Promise<void> => {
      cell.late.push(cell.leave().catch(({ code }) => code))
      throw new Error('sold out')
    })
    await expect(handler({}, contextFor(10_000, cell.name))).rejects.toThrow('sold out')
    expect(cell.told).toEqual(['wrap'])
    expect(await Promise.all(cell.late)).toEqual(['INVOCATION_ENDED'])
    expect([cell.sent, (await cell.next()).rest]).toEqual([[], null])
  })
})

test('where one runs at a time, the start of the next ends one that never answers', () =>
  see('one at a time', { told: 'next invocation', call: neverAnswering(10_000) }))

test('where several run at once, the start of another ends none, and the deadline stops what never answers', async () => {
  await using cell = new Cell('beside another')
  void neverAnswering(600)(cell)
  const connection = await cell.left.promise
  await expect.poll(() => cell.sent).toHaveLength(1)
  await cell.next()
  expect(cell.told).toEqual([])
  await connection.query('SELECT 1')
  expect(await notesOf(cell)).toEqual([cell.name])
  await expect.poll(() => notesOf(cell), { timeout: 5000 }).toEqual([])
  cell.tryLate()
  expect(await Promise.all(cell.late)).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
})

function neverAnswering(timeout: number) {
  return (cell: Cell) => {
    const handler = cell.pool.wrap(async (_event: unknown, _context: unknown) => {
      await cell.leave()
      await sleep(60_000, undefined, { ref: false })
    })
    return handler({}, contextFor(timeout, cell.name))
  }
}
