import { afterAll, beforeAll } from 'vitest'
import { type Database, type DatabaseOptions, startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'

export type { Database } from '../../local/src/database/database.ts'

/** A private server for one test file. Never the one of DATABASE_URL: tests write, kill and count. */
export function databaseForFile(options: DatabaseOptions = {}): { readonly current: Database } {
  let database: Database | undefined
  beforeAll(async () => {
    database = await privateDatabase(options)
  })
  afterAll(async () => database?.[Symbol.asyncDispose]())
  return {
    get current() {
      if (!database) throw new Error('the database is there from beforeAll on')
      return database
    },
  }
}

export function privateDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const { DATABASE_URL: _, ...env } = process.env
  return startDatabase(options, { ...surroundings(), env })
}
