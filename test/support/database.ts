import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll } from 'vitest'
import { type Database, type DatabaseOptions, startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'
import { keepSecret } from './secrets.ts'

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

/** Its password and its URL are secrets that no test may let out; see watch-secrets.ts. */
export async function privateDatabase(options: DatabaseOptions = {}): Promise<Database> {
  const { DATABASE_URL: _, ...env } = process.env
  const database = await startDatabase(options, { ...surroundings(), env })
  await giveSpecialPassword(database)
  keepSecret(database.password, String(database.administrator.password))
  return database
}

/** What cannot be mistaken for anything else, and has every character that a URL writes in another way. */
async function giveSpecialPassword(database: Database): Promise<void> {
  const password = `${randomBytes(18).toString('base64')}+/=@:?#%& ${randomBytes(9).toString('base64')}`
  await database.query('ALTER USER ? IDENTIFIED BY ?', [database.user, password])
  const { host, port, user, database: schema } = database
  const url = `mysql://${user}:${encodeURIComponent(password)}@${host}:${port}/${encodeURIComponent(schema)}`
  Object.defineProperties(database, { password: { value: password }, url: { value: url } })
}
