import { type Database, startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'
import { ROWS } from '../contestants/contestant.ts'
import { MEASURED, moveToCpu } from './cpu.ts'

/** A private server on the measured CPU, with the one small table that is asked. Never the one of DATABASE_URL. */
export async function startTestBed(): Promise<Database> {
  const { DATABASE_URL: _, ...env } = process.env
  const database = await startDatabase({}, { ...surroundings(), env })
  await database.query('CREATE TABLE t (id INT PRIMARY KEY, name VARCHAR(40))')
  const rows = Array.from({ length: ROWS }, (_, index) => [index + 1, `name ${index + 1}`])
  await database.query('INSERT INTO t VALUES ?', [rows])
  if (database.pid !== undefined) moveToCpu(MEASURED, database.pid)
  return database
}
