import type { Transaction } from '../../src/index.ts'
import type { Database } from './database.ts'

/** Rows by which transactions are told: those from 10 on, in a table `t` with an `id`. */
export type Runs = Pick<Transaction, 'query'>

export const add = (on: Runs, id: number) => on.query('INSERT INTO t (id) VALUES (?)', [id])

export async function added(server: Database): Promise<number[]> {
  return (await server.query('SELECT id FROM t WHERE id >= 10 ORDER BY id')).map(({ id }) => id)
}

export const soldOut = () => Promise.reject(new Error('sold out'))

export const swallow = () => {}

/** Adds it and throws. */
export const addAndFail = (id: number) => async (tx: Runs) => {
  await add(tx, id)
  await soldOut()
}
