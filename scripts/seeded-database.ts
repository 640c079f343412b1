import { createPool } from 'warmpool'
import { type Database, startDatabase } from 'warmpool-local'
import { seed } from './seed.ts'

/** A private database (or the one of DATABASE_URL) with the shop's schema and seed. */
export async function seededDatabase(): Promise<Database> {
  const database = await startDatabase()
  try {
    await using pool = createPool({ connection: database.url })
    await seed(pool)
    return database
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}
