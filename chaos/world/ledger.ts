import type { RowDataPacket } from 'mysql2'
import type { Database } from '../../local/src/database/database.ts'
import type { Session } from '../handlers/reports.ts'

/** A row that an operation has written, with what the server saw when it did. */
export interface Row extends Session {
  readonly n: number
  readonly op: string
  readonly invocation: number
  /** When the server began with the statement, milliseconds of wall clock. */
  readonly begun: number
}

/** No key but its own: a row that is written twice is there twice. */
const TABLE = `CREATE TABLE ledger (
  n BIGINT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
  op VARCHAR(32) NOT NULL,
  invocation INT NOT NULL,
  slept DOUBLE,
  session BIGINT NOT NULL,
  begun DECIMAL(20, 6) NOT NULL,
  mark VARCHAR(64),
  db VARCHAR(64),
  autocommit TINYINT NOT NULL,
  locked TINYINT NOT NULL,
  zone VARCHAR(32) NOT NULL,
  lease INT NOT NULL
) ENGINE = InnoDB`

export async function createLedger(database: Database): Promise<void> {
  await database.query(TABLE)
}

/** Reads what was written since the last time. */
export async function takeLedger(database: Database): Promise<Row[]> {
  const rows = await database.query<(RowDataPacket & Row)[]>('SELECT * FROM ledger ORDER BY n')
  await database.query('TRUNCATE ledger')
  return rows.map((row) => ({ ...row, op: row.op.slice(1, -1), begun: Number(row.begun) * 1000 }))
}
