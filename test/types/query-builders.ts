// The pool where query builders ask for mysql2's.
import { drizzle } from 'drizzle-orm/mysql2'
import { Kysely, MysqlDialect } from 'kysely'
import { createPool, type Pool } from '../../src/index.ts'

const pool = createPool()

const orm = drizzle({ client: pool })
const client: Pool = orm.$client
drizzle(pool)
drizzle({ client: pool.pool })

interface Tables {
  customers: { id: number; name: string }
}
const db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: pool.pool }) })
const rows: { name: string }[] = await db.selectFrom('customers').select('name').execute()

export { client, rows }
