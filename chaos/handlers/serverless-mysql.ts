import './instruments.ts'
import { Readable } from 'node:stream'
import middy from '@middy/core'
import serverlessMysql from 'serverless-mysql'
import { type Face, type Handles, type Run, url, type Work } from './face.ts'
import { handlerOf } from './handler.ts'

const db = serverlessMysql({ config: url })

const query: Run = async (sql, values) => [await db.query(sql, values)]

/** It has one connection, which everybody uses, and no streams: all rows at once. */
const handles: Handles = {
  query,
  execute: query,
  transaction: async ({ list }) => {
    const transaction = db.transaction()
    for (const act of list) transaction.query(act as never)
    await transaction.commit()
  },
  connection: async () => ({ query, execute: query, release: () => {} }),
  stream: (sql, values) =>
    Readable.from(
      (async function* () {
        yield* await db.query<object[]>(sql, values)
      })(),
    ),
}

/** As its documentation has it: `end()` at the end of every invocation. */
const ended = (work: Work) => async (event: never) => {
  const result = await work(event, handles)
  await db.end()
  return result
}

const face: Face = {
  handlers: { wrap: ended, middy: (work) => middy<never>().handler(ended(work)) as never },
}

export const handler = handlerOf(face)
