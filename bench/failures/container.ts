import middy from '@middy/core'
import mysql from 'mysql2/promise'
import serverlessMysql from 'serverless-mysql'
import mysqlPool, { createPool } from 'warmpool'

/** A handler's work, as the users of each library write it. */
export interface Work {
  /** Over a pool of mysql2, which warmpool's is too: the same code for both. */
  readonly pool?: (pool: mysql.Pool) => Promise<unknown>
  /** With mysql2, but not with a pool of it. */
  readonly mysql2?: () => Promise<unknown>
  /** With what only warmpool has. */
  readonly warmpool?: (pool: ReturnType<typeof createPool>) => Promise<unknown>
  readonly serverlessMysql?: (db: serverlessMysql.ServerlessMysql) => Promise<unknown>
}

export type Query = (sql: string | { sql: string; timeout: number }) => Promise<unknown>

/** The same work with every library: nothing but its `query`. */
export function everywhere(work: (query: Query) => Promise<unknown>): Work {
  return {
    pool: (pool) => work((sql) => pool.query(sql as string)),
    serverlessMysql: (db) => work((sql) => db.query(sql)),
  }
}

/** How an invocation was answered. */
export type Answer =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly error: unknown }

/** An environment in which one function is invoked again and again. */
export class Container {
  readonly #handler: Handler
  readonly #handling = new Set<Promise<unknown>>()
  readonly close: () => Promise<void>

  /** @param handlerOf makes the handler, which tells us of its work what middy does not: when it is through */
  constructor(
    handlerOf: (run: (work: Promise<unknown>) => Promise<unknown>) => Handler,
    close: () => Promise<void>,
  ) {
    this.#handler = handlerOf((work) => {
      this.#handling.add(work)
      return work
    })
    this.close = close
  }

  /** @param timeout milliseconds until Lambda's; middy answers 5 ms earlier */
  async invoke(work: Work, timeout = 3000): Promise<Answer> {
    const end = Date.now() + timeout
    const context = { getRemainingTimeInMillis: () => end - Date.now() } as never
    try {
      return { ok: true, value: await this.#handler(work, context) }
    } catch (error) {
      return { ok: false, error }
    }
  }

  /** Resolves when the handlers themselves are through, answered or not. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#handling)
  }
}

type Handler = (work: Work, context: never) => Promise<unknown>

/** Each with middy. */
export const CONTESTANTS = {
  mysql2: (uri, connectionLimit) => {
    const pool = mysql.createPool({ uri, connectionLimit })
    return new Container(
      (run) => middy<Work>().handler((work) => run(written(work.mysql2 ?? work.pool)(pool))),
      () => pool.end(),
    )
  },

  'serverless-mysql': (url) => {
    const db = serverlessMysql({ config: url })
    const handle = async (work: Work) => {
      try {
        return await written(work.serverlessMysql)(db)
      } finally {
        await db.end()
      }
    }
    return new Container(
      (run) => middy<Work>().handler((work) => run(handle(work))),
      async () => db.quit(),
    )
  },

  warmpool: (connection, connectionLimit) => {
    // What is left behind here is so on purpose.
    const pool = createPool({ connection, connectionLimit, onLeak: 'ignore' })
    const handler = middy<Work>().use(mysqlPool({ pool }))
    return new Container(
      (run) => handler.handler((work) => run(written(work.warmpool ?? work.pool)(pool))),
      () => pool.end(),
    )
  },
} satisfies Record<string, (url: string, connectionLimit: number) => Container>

export type ContestantName = keyof typeof CONTESTANTS

function written<T>(work: T | undefined): T {
  if (work === undefined) throw new Error('The scenario has no work for this contestant.')
  return work
}
