import { type Database, startDatabase } from 'warmpool-local'

/** A private server with a customer. It is gone when the process that runs the tests is, if not before. */
export async function startShop(): Promise<Database> {
  const database = await startDatabase()
  await database.query('CREATE TABLE IF NOT EXISTS customers (id INT PRIMARY KEY, name VARCHAR(50))')
  await database.query("REPLACE INTO customers VALUES (1, 'Ada')")
  return database
}
