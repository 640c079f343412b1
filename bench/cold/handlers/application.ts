import middy from '@middy/core'
import httpErrorHandler from '@middy/http-error-handler'
import httpEventNormalizer from '@middy/http-event-normalizer'
import { mysqlTable, serial, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import { Kysely, MysqlDialect } from 'kysely'
import type { Pool } from 'mysql2/promise'
import * as valibot from 'valibot'

/** What a handler of some size loads, and makes of it, beside its pool. */
export function application(pool: Pool, handler: () => Promise<unknown>) {
  const orders = mysqlTable('orders', {
    id: serial('id').primaryKey(),
    name: varchar('name', { length: 40 }),
  })
  const orm = drizzle({ client: pool })
  const builder = new Kysely({ dialect: new MysqlDialect({ pool: pool.pool as never }) })
  const schema = valibot.object({ id: valibot.pipe(valibot.string(), valibot.digits()) })
  const parts = { orders, orm, builder, schema }
  return middy()
    .use(httpErrorHandler())
    .use(httpEventNormalizer())
    .handler(() => (Object.keys(parts).length > 0 ? handler() : undefined))
}
