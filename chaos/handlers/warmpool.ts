import './instruments.ts'
import middy from '@middy/core'
import mysqlPool, { createPool, type Database, type Transaction } from 'warmpool'
import { connectionLimit, type Face, type Handles, type Nesting, type Rows, type Runs, url } from './face.ts'
import { handlerOf } from './handler.ts'

/** Milliseconds: wide, so that a busy machine is not taken for a call that waits too long. */
const deadlineMargin = Number(process.env.CHAOS_MARGIN)

const pool = createPool({ connection: url, connectionLimit, deadlineMargin })

/** The pool and the database of an invocation have the same members. */
function handles(
  db: Pick<Database, 'query' | 'execute' | 'getConnection' | 'transaction' | 'stream'>,
): Handles {
  return {
    ...runs(db as unknown as Runs),
    transaction: ({ run }) => db.transaction((tx) => run(nesting(tx))),
    connection: async () => {
      const lent = await db.getConnection()
      return { ...runs(lent as unknown as Runs), release: () => lent.release() }
    },
    stream: (sql, values) => db.stream(sql, values as never) as unknown as Rows,
  }
}

function nesting(tx: Transaction): Nesting {
  return { ...runs(tx as unknown as Runs), nest: (work) => tx.transaction((part) => work(nesting(part))) }
}

function runs(on: Runs): Runs {
  return { query: (sql, values) => on.query(sql, values), execute: (sql, values) => on.execute(sql, values) }
}

const face: Face = {
  handlers: {
    wrap: (work) => pool.wrap((event: never) => work(event, handles(pool))),
    middy: (work) =>
      middy<never>()
        .use(mysqlPool({ pool }))
        .handler((event, { db }) => work(event, handles(db as Database))) as never,
  },
}

export const handler = handlerOf(face)
