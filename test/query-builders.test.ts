import { eq, sql } from 'drizzle-orm'
import { datetime, int, mysqlTable, varchar } from 'drizzle-orm/mysql-core'
import { drizzle } from 'drizzle-orm/mysql2'
import { Kysely, MysqlDialect } from 'kysely'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
beforeAll(async () => {
  await server.current.query(
    'CREATE TABLE customers (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(40) UNIQUE, since DATETIME)',
  )
  pool = createPool({ connection: server.current.url })
})
afterAll(() => pool.end())
beforeEach(async () => {
  await server.current.query('TRUNCATE customers')
  await server.current.query(
    "INSERT INTO customers VALUES (1, 'Ada', '2026-01-02 03:04:05'), (2, 'Bob', NULL), (3, 'Cy', NULL)",
  )
})
const names = async () =>
  (await server.current.query('SELECT name FROM customers ORDER BY id')).map((row) => row.name)

describe('Drizzle', () => {
  const customers = mysqlTable('customers', {
    id: int().autoincrement().primaryKey(),
    name: varchar({ length: 40 }),
    since: datetime(),
  })
  // As at a module's scope: the query builder is there before any invocation.
  let orm: ReturnType<typeof drizzle<Record<string, never>, Pool>>
  beforeAll(() => {
    orm = drizzle({ client: pool })
  })

  test('selects, inserts, updates and deletes', async () => {
    expect(await orm.select().from(customers).where(eq(customers.id, 1))).toEqual([
      { id: 1, name: 'Ada', since: new Date('2026-01-02T03:04:05Z') },
    ])
    expect(
      await orm
        .insert(customers)
        .values([{ name: 'Di' }, { name: 'Ed' }])
        .$returningId(),
    ).toEqual([{ id: 4 }, { id: 5 }])
    const [updated] = await orm.update(customers).set({ name: 'Dee' }).where(eq(customers.id, 4))
    expect(updated.affectedRows).toBe(1)
    await orm.delete(customers).where(eq(customers.id, 5))
    expect(await names()).toEqual(['Ada', 'Bob', 'Cy', 'Dee'])
  })

  test('commits a transaction', async () => {
    await orm.transaction(async (tx) => {
      await tx.insert(customers).values({ name: 'Di' })
      expect(await names()).toHaveLength(3)
    })
    expect(await names()).toHaveLength(4)
  })

  test('rolls back a transaction, and the nested one alone', async () => {
    await expect(
      orm.transaction(async (tx) => {
        await tx.insert(customers).values({ name: 'Di' })
        throw new Error('no')
      }),
    ).rejects.toThrow('no')
    await orm.transaction(
      async (tx) => {
        await tx.insert(customers).values({ name: 'Ed' })
        await expect(
          tx.transaction(async (nested) => {
            await nested.insert(customers).values({ name: 'Flo' })
            nested.rollback()
          }),
        ).rejects.toThrow()
      },
      { isolationLevel: 'read committed' },
    )
    expect(await names()).toEqual(['Ada', 'Bob', 'Cy', 'Ed'])
    expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 })
  })

  test('iterates over rows, to the end or not, and gives the connection back', async () => {
    const query = () => orm.select({ name: customers.name }).from(customers).orderBy(customers.id).prepare()
    const seen: unknown[] = []
    for await (const { name } of query().iterator()) seen.push(name)
    expect(seen).toEqual(['Ada', 'Bob', 'Cy'])

    for await (const row of orm
      .select({ seq: sql<number>`seq` })
      .from(sql`seq_1_to_20000`)
      .prepare()
      .iterator()) {
      expect(row).toEqual({ seq: 1 })
      break
    }
    for (let i = 0; i < 3; i++) expect(await query().execute()).toHaveLength(3)
    expect(pool.stats()).toMatchObject({ inUse: 0, waiting: 0 })
  })

  test('tells the server’s error', async () => {
    await expect(orm.insert(customers).values({ name: 'Ada' })).rejects.toMatchObject({
      cause: { code: 'ER_DUP_ENTRY' },
    })
  })

  test('belongs to the invocation that it runs in', async () => {
    const handler = pool.wrap(async (_event: unknown, _context: unknown) => {
      const late = orm.select().from(customers) // built now, run later
      setTimeout(() => void late.execute().catch(caught.resolve), 20)
      return (await orm.select().from(customers)).length
    })
    const caught = Promise.withResolvers<unknown>()
    expect(await handler({}, contextFor())).toBe(3)
    expect(await caught.promise).toMatchObject({ cause: { code: 'INVOCATION_ENDED' } })
  })
})

describe('Kysely', () => {
  interface Tables {
    customers: { id: number; name: string | null; since: Date | null }
  }
  let db: Kysely<Tables>
  beforeAll(() => {
    db = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: pool.pool }) })
  })

  test('selects and writes', async () => {
    expect(await db.selectFrom('customers').select('name').where('id', '=', 2).execute()).toEqual([
      { name: 'Bob' },
    ])
    const inserted = await db
      .insertInto('customers')
      .values({ id: 7, name: 'Gus', since: null })
      .executeTakeFirst()
    expect(inserted).toMatchObject({ insertId: 7n, numInsertedOrUpdatedRows: 1n })
  })

  test('commits and rolls back transactions', async () => {
    await db.transaction().execute((trx) => trx.deleteFrom('customers').where('id', '=', 1).execute())
    await expect(
      db
        .transaction()
        .setIsolationLevel('serializable')
        .execute(async (trx) => {
          await trx.deleteFrom('customers').execute()
          throw new Error('no')
        }),
    ).rejects.toThrow('no')
    expect(await names()).toEqual(['Bob', 'Cy'])
    const [[isolation]] = await pool.query("SHOW VARIABLES WHERE Variable_name RLIKE '^t.*_isolation$'")
    expect(isolation?.Value).toBe('REPEATABLE-READ')
  })

  test('streams rows, to the end or not', async () => {
    const seen: unknown[] = []
    for await (const { name } of db.selectFrom('customers').select('name').orderBy('id').stream())
      seen.push(name)
    expect(seen).toEqual(['Ada', 'Bob', 'Cy'])
    for await (const _ of db.selectFrom('customers').selectAll().stream()) break
    expect(await db.selectFrom('customers').selectAll().execute()).toHaveLength(3)
    expect(pool.stats().inUse).toBe(0)
  })

  test('ends the pool when it is destroyed', async () => {
    const own = createPool({ connection: server.current.url, name: 'kysely' })
    const destroyed = new Kysely<Tables>({ dialect: new MysqlDialect({ pool: own.pool }) })
    await destroyed.selectFrom('customers').selectAll().execute()
    await destroyed.destroy()
    await expect(own.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  })
})
