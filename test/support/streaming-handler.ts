/** Handlers of test/lifecycle-streaming.test.ts: the same rows, streamed through each of the pool's faces. */
import { pipeline, Readable, Transform, type Writable } from 'node:stream'
import middy from '@middy/core'
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse'
import mysqlPool, { createPool, type Database, type Pool } from '../../src/index.ts'

declare const awslambda: {
  streamifyResponse<H>(handler: H): H
  HttpResponseStream: { from(stream: Writable, metadata: object): Writable }
}

interface Event {
  do: 'rows' | 'fail' | 'hang' | 'look'
}

const pool = createPool({ connectionLimit: 1, deadlineMargin: 200 })
pool.on('invocationEnd', ({ endedBy, requestId }) => console.log(`<${requestId}> ended by <${endedBy}>`))

/** More than the buffers on the way hold, on a connection that is left with a variable and an open transaction. */
async function* rows(database: Database | Pool, { do: what }: Event): AsyncGenerator<string> {
  const connection = await database.getConnection()
  try {
    if (what === 'look') {
      const [[row]] = await connection.query(
        'SELECT CONNECTION_ID() AS id, @left AS rest, @@in_transaction AS open',
      )
      yield `${JSON.stringify(row)}\n`
      return
    }
    await connection.query('SET @left = 1')
    await connection.beginTransaction()
    const sent = connection.stream("SELECT seq, REPEAT('x', 1000) AS filler FROM seq_1_to_500")
    for await (const row of sent) {
      yield `${JSON.stringify(row)}\n`
      if (what === 'fail' && (row as unknown as { seq: number }).seq === 200) throw new RangeError('half-way')
      if (what === 'hang') await new Promise(() => setInterval(() => {}, 60_000))
    }
  } finally {
    connection.release()
  }
}

const METADATA = { statusCode: 201, headers: { 'content-type': 'application/x-ndjson', 'x-shop': 'open' } }

export const chained = middy({ executionMode: executionModeStreamifyResponse } as object)
  .use(mysqlPool({ pool }))
  .handler(async (event, { db }) => ({ ...METADATA, body: Readable.from(rows(db, event as Event)) }))

/** Pipes by hand and waits for nothing; what fails, fails the stream. */
const pipes = async (event: Event, stream: Writable, _context: object) => {
  const through = new Transform({ transform: (row, _encoding, done) => done(null, row) })
  const out = awslambda.HttpResponseStream.from(stream, METADATA)
  pipeline(
    Readable.from(rows(pool, event)),
    through,
    out,
    (error) => error && console.log(`pipe: ${error.message}`),
  )
}
export const wrapped = awslambda.streamifyResponse(pool.wrap(pipes))
export const wrappedOutside = pool.wrap(awslambda.streamifyResponse(pipes))
