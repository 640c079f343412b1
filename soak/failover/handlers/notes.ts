/** The event: a text to write, or none to read. */
export interface Asked {
  readonly note?: string
}

interface Queryable {
  query(sql: string, values?: unknown[]): Promise<unknown>
}

export async function read(db: Queryable): Promise<void> {
  await db.query('SELECT COUNT(*) FROM notes')
}

export async function write(tx: Queryable, note: string): Promise<void> {
  await tx.query('INSERT INTO notes (text) VALUES (?)', [note])
}
