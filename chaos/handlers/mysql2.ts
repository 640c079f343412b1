import './instruments.ts'
import middy from '@middy/core'
import mysql, { type PoolConnection } from 'mysql2/promise'
import { connectionLimit, type Face, type Handles, type Nesting, type Rows, type Runs, url } from './face.ts'
import { handlerOf } from './handler.ts'

const pool = mysql.createPool({ uri: url, connectionLimit })

const handles: Handles = {
  ...runs(pool as unknown as Runs),
  transaction: async ({ run }) => {
    const connection = await pool.getConnection()
    try {
      await connection.beginTransaction()
      await run(nesting(connection))
      await connection.commit()
    } catch (error) {
      await connection.rollback().catch(() => {})
      throw error
    } finally {
      connection.release()
    }
  },
  connection: async () => {
    const lent = await pool.getConnection()
    return { ...runs(lent as unknown as Runs), release: () => lent.release() }
  },
  stream: (sql, values) => pool.pool.query(sql, values).stream() as unknown as Rows,
}

let savepoints = 0

function nesting(connection: PoolConnection): Nesting {
  return {
    ...runs(connection as unknown as Runs),
    nest: async (work) => {
      const name = `s${++savepoints}`
      await connection.query(`SAVEPOINT ${name}`)
      try {
        await work(nesting(connection))
      } catch (error) {
        await connection.query(`ROLLBACK TO SAVEPOINT ${name}`)
        throw error
      }
    },
  }
}

function runs(on: Runs): Runs {
  return { query: (sql, values) => on.query(sql, values), execute: (sql, values) => on.execute(sql, values) }
}

const face: Face = {
  handlers: {
    wrap: (work) => (event: never) => work(event, handles),
    middy: (work) => middy<never>().handler((event) => work(event, handles)) as never,
  },
}

export const handler = handlerOf(face)
