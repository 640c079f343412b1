import { pool } from './database.ts'
import { createSchema } from './schema.ts'

/** Brings the schema up to date; invoked before a deploy, as a database user who may create tables. */
export const handler = pool.wrap(async () => ({ tables: await createSchema(pool) }))
