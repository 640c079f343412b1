import type { FieldPacket, QueryOptions, QueryResult, QueryValues, RowDataPacket } from 'mysql2'
import type { ExecuteValues } from 'mysql2/promise'
import type { Connection } from './connection.ts'

/** A transaction, for the time of its callback. It ends with the callback: there is no `commit`, `rollback` or `release`. */
export class Transaction {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** As mysql2's `query`. */
  query<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: QueryValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#connection.query<T>(sql, values)
  }

  /** As mysql2's `execute`: a prepared statement. */
  execute<T extends QueryResult = RowDataPacket[]>(
    sql: string | QueryOptions,
    values?: ExecuteValues,
  ): Promise<[T, FieldPacket[]]> {
    return this.#connection.execute<T>(sql, values)
  }
}
