import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { inspect } from 'node:util'
import mysql, { type Pool, type PoolConnection } from 'mysql2'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
beforeAll(() => server.current.query('CREATE TABLE things (id INT PRIMARY KEY)'))

type Done = (...args: unknown[]) => void
type Call = (pool: Pool, done: Done) => void

/** What the callback was called with. */
function calledBack(pool: Pool, call: Call): Promise<string> {
  return new Promise((resolve) => {
    call(pool, (error, ...args) => {
      const { code, errno } = (error ?? {}) as { code?: string; errno?: number }
      resolve(error ? `failed: ${inspect({ code, errno })}` : inspect(args, { depth: 9 }))
    })
  })
}

/** What a query without a callback emits, in order. */
function emitted(query: NodeJS.EventEmitter, done: Done): void {
  const events: unknown[] = []
  for (const name of ['fields', 'result'])
    query.on(name, (what) => events.push([name, Array.isArray(what) ? what.length : what]))
  query.on('error', (error) => events.push(['error', error.code]))
  query.on('end', () => done(null, events))
}

const on =
  (work: (connection: PoolConnection, done: Done) => void): Call =>
  (pool, done) =>
    pool.getConnection((error, connection) => {
      if (error) return done(error)
      work(connection, (...args) => {
        connection.release()
        done(...args)
      })
    })
const nothing = (done: Done) => (error: unknown) => done(error)

const calls: [string, Call][] = [
  ['query(text)', (pool, done) => pool.query('SELECT 1 AS one', done)],
  ['query(text, values)', (pool, done) => pool.query('SELECT ? AS a', [1], done)],
  ['query(object)', (pool, done) => pool.query({ sql: 'SELECT ? AS a', values: [1] }, done)],
  ['query(object, values)', (pool, done) => pool.query({ sql: 'SELECT ? AS a' }, [2], done)],
  ['query that fails', (pool, done) => pool.query('SELEC', done)],
  ['query that writes', (pool, done) => pool.query('DELETE FROM things', done)],
  ['execute(text)', (pool, done) => pool.execute('SELECT 1 AS one', done)],
  ['execute(text, values)', (pool, done) => pool.execute('SELECT ? AS a', [1], done)],
  ['execute(object, values)', (pool, done) => pool.execute({ sql: 'SELECT ? AS a' }, [2], done)],
  ['execute that fails', (pool, done) => pool.execute('SELEC', done)],
  ['events of rows', (pool, done) => emitted(pool.query('SELECT seq FROM seq_1_to_3'), done)],
  ['events of a write', (pool, done) => emitted(pool.query('DELETE FROM things'), done)],
  ['events of a failure', (pool, done) => emitted(pool.query('SELEC'), done)],
  [
    'a stream',
    (pool, done) =>
      void pool
        .query('SELECT seq FROM seq_1_to_3')
        .stream()
        .toArray()
        .then((rows) => done(null, rows), done),
  ],
  [
    'a stream that fails',
    (pool, done) =>
      void pool
        .query('SELEC')
        .stream()
        .toArray()
        .then((rows) => done(null, rows), done),
  ],
  [
    'escape and format',
    (pool, done) => done(null, pool.escape("'"), pool.escapeId('a'), pool.format('?', [1])),
  ],
  [
    'promise()',
    (pool, done) =>
      void pool
        .promise()
        .query('SELECT 1 AS one')
        .then(([rows]) => done(null, rows), done),
  ],

  ['a connection: query', on((connection, done) => connection.query('SELECT ? AS a', [1], done))],
  ['a connection: execute', on((connection, done) => connection.execute('SELECT ? AS a', [1], done))],
  ['a connection: events', on((connection, done) => emitted(connection.query('SELECT 1'), done))],
  ['a connection: ping', on((connection, done) => connection.ping(nothing(done)))],
  ['a connection: reset', on((connection, done) => connection.reset(nothing(done)))],
  ['a connection: connect', on((connection, done) => connection.connect(nothing(done)))],
  [
    'a connection: a transaction',
    on((connection, done) =>
      connection.beginTransaction(() =>
        connection.query('INSERT INTO things VALUES (1)', () =>
          connection.rollback(() => connection.query('SELECT COUNT(*) AS count FROM things', done)),
        ),
      ),
    ),
  ],
  [
    'a connection: commit',
    on((connection, done) =>
      connection.beginTransaction(() =>
        connection.query('DELETE FROM things', () => connection.commit(nothing(done))),
      ),
    ),
  ],
  [
    'a connection: changeUser that fails',
    (pool, done) =>
      pool.getConnection((_, connection) => {
        connection.on('error', () => {})
        connection.changeUser({ user: 'nobody', password: 'x' }, (error) => {
          connection.destroy()
          done(error)
        })
      }),
  ],
  [
    'a connection: prepare',
    on((connection, done) =>
      connection.prepare('SELECT ? + 1 AS next', (error, statement) => {
        if (error) return done(error)
        statement.execute([1], (...args) => {
          statement.close()
          done(...args)
        })
      }),
    ),
  ],
  ['a connection: prepare that fails', on((connection, done) => connection.prepare('SELEC', done))],
  [
    'releaseConnection',
    (pool, done) =>
      pool.getConnection((_, connection) => {
        pool.releaseConnection(connection)
        pool.query('SELECT 1 AS one', done)
      }),
  ],
  ['end', (pool, done) => pool.end((error) => done(error))],
]

test.each(calls)('callbacks get what they get from mysql2: %s', async (what, call) => {
  const theirs = mysql.createPool({ uri: server.current.url, connectionLimit: 1 })
  const ours = createPool({ connection: server.current.url, connectionLimit: 1 })
  try {
    const expected = await calledBack(theirs, call)
    expect(expected.startsWith('failed')).toBe(what.endsWith('that fails'))
    expect(await calledBack(ours.pool, call)).toBe(expected)
  } finally {
    theirs.end(() => {})
    await ours.end()
  }
})

describe('the callback pool', () => {
  let pool: Pool
  beforeEach(() => {
    pool = createPool({ connection: server.current.url }).pool
  })
  afterEach(() => new Promise((resolve) => pool.end(resolve)))

  test('calls back in the async context of the caller', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen = await Promise.all(
      ['one', 'two'].map(
        (caller) =>
          new Promise((resolve) =>
            storage.run(caller, () => pool.query('SELECT 1', () => resolve(storage.getStore()))),
          ),
      ),
    )
    expect(seen).toEqual(['one', 'two'])
  })

  test('has queries that show their text', () => {
    expect(pool.query('SELECT ?', ["it's"], () => {}).sql).toBe("SELECT 'it\\'s'")
    expect(pool.query({ sql: 'SELECT ?', values: [1] }, () => {}).sql).toBe('SELECT 1')
  })

  test('never runs a query twice: its answer goes to one place', () => {
    expect(() => pool.query('SELECT 1', () => {}).stream()).toThrow(TypeError)
    expect(() => pool.execute('SELECT 1')).toThrow(/^execute\(\) needs a callback/)
  })

  test('emits an error that no callback takes', async () => {
    const connection = await new Promise<PoolConnection>((resolve) =>
      pool.getConnection((_, one) => resolve(one)),
    )
    connection.release()
    const emitted = once(connection, 'error')
    connection.commit()
    expect(await emitted).toMatchObject([{ code: 'CONNECTION_RELEASED' }])
  })

  test('ends with the scope that it is used in', async () => {
    const shared = createPool({ connection: server.current.url, name: 'scoped' })
    {
      using scoped = shared.pool
      await new Promise((resolve) => scoped.query('SELECT 1', resolve))
    }
    await expect(shared.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
    await shared.end()
  })
})
