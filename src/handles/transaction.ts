import type { FieldPacket, QueryOptions, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import { WarmpoolError } from '../errors.ts'
import type { Connection } from './connection.ts'

/** A transaction, for the time of its callback. It ends with the callback: there is no `commit`, `rollback` or `release`. */
export class Transaction {
  readonly #connection: Connection
  #over = false

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** Nothing more is part of it: what would follow would run after the COMMIT. */
  close(): void {
    this.#over = true
  }

  /** As mysql2's `query`. */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#over ? Promise.reject(transactionOver()) : this.#connection.query<T>(sql, values)
  }

  /** As mysql2's `execute`: a prepared statement. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#over ? Promise.reject(transactionOver()) : this.#connection.execute<T>(sql, values)
  }
}

function transactionOver(): WarmpoolError {
  return new WarmpoolError(
    'CONNECTION_RELEASED',
    'this transaction has ended: await its statements inside the callback',
    {
      outcome: 'not-sent',
    },
  )
}
