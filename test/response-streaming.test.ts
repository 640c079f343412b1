import { pipeline, Readable, Transform, type Writable } from 'node:stream'
import middy from '@middy/core'
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse'
import type { RowDataPacket } from 'mysql2'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Database, type Pool } from '../src/index.ts'
import { sharedOf } from '../src/pool.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { Responses } from './support/response-stream.ts'

const server = databaseForFile()
/** More than the buffers on the way hold. */
const COUNT = 500
const ROWS = `SELECT seq, REPEAT('x', 10000) AS filler FROM seq_1_to_${COUNT}`
let responses: Responses
let pool: Pool
let told: string[]
let warnings: string[]

beforeAll(async () => {
  responses = await Responses.listening()
})
afterAll(() => responses[Symbol.asyncDispose]())
beforeEach(() => {
  ;[told, warnings] = [[], []]
  vi.spyOn(console, 'warn').mockImplementation((message) => warnings.push(message))
  pool = createPool({ connection: server.current.url, connectionLimit: 1 })
  sharedOf(pool).events.on('invocationEnd', ({ endedBy }) => told.push(endedBy))
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end()
})

type Body = (database: Database | Pool) => unknown
const lines = () =>
  new Transform({
    writableObjectMode: true,
    transform: (row, _encoding, done) => done(null, `${JSON.stringify(row)}\n`),
  })
const bodies: Record<string, Body> = {
  'the rows': (db) => db.stream(ROWS),
  'the rows in a response with a status': (db) => ({ statusCode: 200, body: db.stream(ROWS) }),
  "the rows as a stream of the web's": (db) => Readable.toWeb(db.stream(ROWS)),
  'the rows piped into a transform': (db) => db.stream(ROWS).pipe(lines()),
  'the rows in a pipeline': (db) => pipeline(db.stream(ROWS), lines(), () => {}),
  'a generator with a connection': (db) => Readable.from(rowsOn(db)),
}

async function* rowsOn(db: Database | Pool) {
  const connection = await db.getConnection()
  try {
    await connection.query('SET @left = 1')
    yield* connection.stream(ROWS)
  } finally {
    connection.release()
  }
}

type Streaming = (event: object, stream: Writable, context: object) => Promise<unknown>
const chain = (body: Body, plugin: object): Streaming =>
  middy({ executionMode: executionModeStreamifyResponse, ...plugin } as object)
    .use(mysqlPool({ pool }))
    .handler(async (_event, { db }) => body(db)) as unknown as Streaming
/** Does not wait for the end of what it pipes, which the runtime does. */
const pipes = (body: Body) => async (_event: object, stream: Writable, _context: object) => {
  pipeline(readable(body(pool)), stream, () => {})
}
const { streamifyResponse } = {
  streamifyResponse: (handler: Streaming): Streaming =>
    (
      globalThis as unknown as { awslambda: { streamifyResponse(of: Streaming): Streaming } }
    ).awslambda.streamifyResponse(handler),
}

const faces: Record<string, (body: Body) => Streaming> = {
  mysqlPool: (body) => chain(body, {}),
  'mysqlPool with the plugin': (body) => chain(body, pool.plugin),
  'wrap around middy': (body) => pool.wrap(chain(body, {})),
  'wrap, then streamifyResponse': (body) => streamifyResponse(pool.wrap(pipes(body))),
  'streamifyResponse, then wrap': (body) => pool.wrap(streamifyResponse(pipes(body))),
}

function readable(given: unknown): Readable {
  const body = typeof given === 'object' && given !== null && 'body' in given ? given.body : given
  return body instanceof Readable ? body : Readable.fromWeb(body as never, { objectMode: true })
}

/** The next invocation has the same connection, and sees nothing of this one. */
async function next(): Promise<RowDataPacket> {
  const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
    const [[row]] = await pool.query('SELECT CONNECTION_ID() AS id, @left AS rest')
    return row as RowDataPacket
  })
  return handler({}, contextFor())
}

describe.each(Object.entries(faces))('%s', (face, wrapped) => {
  const cases = Object.entries(bodies)
  const by = face.includes('around') ? 'wrap' : 'response stream'

  test.each(cases)('the connection behind %s lives until the body is sent', async (_what, body) => {
    const { id } = await next()
    const response = responses.open()
    const running = wrapped(body)({}, response.stream, contextFor(20_000))
    await response.begin()
    expect([told, pool.stats().inUse]).toEqual([['wrap'], 1])
    await response.readOn()
    await running
    expect((await response.whole).match(/"seq"/g)).toHaveLength(COUNT)
    await vi.waitFor(() => expect(told).toEqual(['wrap', by]))
    expect([warnings, pool.stats().leaks]).toEqual([[], 0])
    expect(await next()).toEqual({ id, rest: null })
  })

  test.each(cases)('the connection behind %s is back when the client has gone', async (_what, body) => {
    const response = responses.open()
    const running = wrapped(body)({}, response.stream, contextFor(20_000)).catch(() => {})
    await response.begin()
    await response.goAway()
    await running
    await vi.waitFor(() => expect(told).toEqual([by]))
    expect((await next()).rest).toBeNull()
    expect(await server.current.connections()).toHaveLength(1)
  })
})

test.each(Object.entries(faces))('%s: a transform that fails half-way', async (_face, wrapped) => {
  let rows = 0
  const failing = new Transform({
    writableObjectMode: true,
    transform: (row, _encoding, done) =>
      ++rows > 20 ? done(new Error('half-way')) : done(null, `${JSON.stringify(row)}\n`),
  })
  const response = responses.open()
  const running = wrapped((db) => pipeline(db.stream(ROWS), failing, () => {}))
  await running({}, response.stream, contextFor(20_000)).catch(() => {})
  await expect(response.whole).rejects.toThrow()
  expect(told).toHaveLength(1)
  expect((await next()).rest).toBeNull()
  expect(await server.current.connections()).toHaveLength(1)
})

test.each(Object.entries(faces))('%s: a connection that is lost half-way', async (_face, wrapped) => {
  const response = responses.open()
  const many = ROWS.replace('10000', '100000')
  const running = wrapped((db) => db.stream(many))({}, response.stream, contextFor(20_000)).catch(() => {})
  await response.begin()
  await server.current.killConnections()
  await response.readOn()
  await running
  await expect(response.whole).rejects.toThrow()
  expect(told).toHaveLength(1)
  expect((await next()).rest).toBeNull()
  expect(pool.stats()).toMatchObject({ opened: 2, leaks: 0 })
})

test('a streaming handler that fails has its connection taken back at once', async () => {
  const response = responses.open()
  const handler = pool.wrap(async (_event: object, _stream: Writable, _context: object) => {
    await (await pool.getConnection()).query('SET @left = 1')
    throw new Error('sold out')
  })
  await expect(handler({}, response.stream, contextFor())).rejects.toThrow('sold out')
  expect(told).toEqual(['wrap'])
  expect((await next()).rest).toBeNull()
  response.stream.destroy()
})

test("a streaming handler's context is the third argument, whatever it has", async () => {
  const ids: unknown[] = []
  sharedOf(pool).events.on('invocationEnd', ({ requestId }) => ids.push(requestId))
  const response = responses.open()
  const handler = pool.wrap(
    async (_event: object, stream: Writable, _context: object) => void stream.end('x'),
  )
  await handler({}, response.stream, { awsRequestId: 'third' })
  expect(ids).toEqual(['third'])
})

test('a body that is never ended is given up at the deadline', async () => {
  const response = responses.open()
  const handler = pool.wrap(async (_event: object, stream: Writable, _context: object) => {
    await (await pool.getConnection()).query('SET @left = 1')
    stream.write('the beginning')
  })
  await handler({}, response.stream, contextFor(400))
  expect(told).toEqual(['response stream'])
  expect((await next()).rest).toBeNull()
  response.stream.destroy()
})

test('a body that nobody reads is given up at the deadline', async () => {
  const response = responses.open()
  const running = pool.wrap(pipes((db) => db.stream(ROWS)))({}, response.stream, contextFor(400))
  await response.begin()
  await running
  expect(told).toEqual(['response stream'])
  expect((await next()).rest).toBeNull()
  response.stream.destroy()
})
