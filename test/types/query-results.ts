// What queries give, without and with a type of one's own.
import type { FieldPacket, ProcedureCallPacket, ResultSetHeader, RowDataPacket } from 'mysql2'
import { expectTypeOf } from 'vitest'
import { type Connection, createPool, type Database, type Transaction } from '../../src/index.ts'

interface Customer extends RowDataPacket {
  id: number
  name: string
}

declare const db: Database
declare const tx: Transaction
declare const connection: Connection
const pool = createPool()

for (const able of [pool, db, tx, connection]) {
  expectTypeOf(await able.query('SELECT 1')).toEqualTypeOf<[RowDataPacket[], FieldPacket[]]>()
  expectTypeOf(await able.execute('SELECT 1')).toEqualTypeOf<[RowDataPacket[], FieldPacket[]]>()
  const [header] = await able.query<ResultSetHeader>('DELETE FROM carts WHERE id = ?', [1])
  expectTypeOf(header.affectedRows).toBeNumber()
  const [customers] = await able.execute<Customer[]>('SELECT id, name FROM customers')
  expectTypeOf(customers).toEqualTypeOf<Customer[]>()
  const [[rows]] = await able.query<ProcedureCallPacket<Customer[]>>('CALL customers()')
  expectTypeOf(rows).toEqualTypeOf<Customer[]>()
  await able.query({ sql: 'SELECT :id', namedPlaceholders: true, timeout: 100 }, { id: 1 })
  await able.query('SELECT ?, ?, ?', [null, undefined, new Date()])
  // @ts-expect-error a row is not a header
  await able.query<{ id: number }>('SELECT 1')
  // @ts-expect-error no callbacks here
  await able.query('SELECT 1', () => {})
}

expectTypeOf(await pool.transaction(async (tx) => (await tx.query('SELECT 1'))[0].length)).toBeNumber()
expectTypeOf(await pool.withConnection(async ({ threadId }) => threadId)).toBeNumber()
expectTypeOf(pool.detach(() => 'kept' as const)).toEqualTypeOf<'kept'>()
expectTypeOf(pool.wrap(async (event: { id: number }) => event.id)).toEqualTypeOf<
  (event: { id: number }) => Promise<number>
>()

// Rows of a stream.
for (const able of [pool, db, connection]) {
  for await (const row of able.stream('SELECT 1')) expectTypeOf(row).toEqualTypeOf<RowDataPacket>()
  for await (const { name } of able.stream<Customer>('SELECT * FROM customers'))
    expectTypeOf(name).toBeString()
}

// A transaction ends with its callback.
// @ts-expect-error
await tx.commit()
// @ts-expect-error
await tx.rollback()
// @ts-expect-error
tx.release()
