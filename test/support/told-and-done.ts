import { setTimeout as sleep } from 'node:timers/promises'
import type { RowDataPacket } from 'mysql2'
import type { Database } from './database.ts'

/** What a call that inserts was told, and how often the table then had each of the rows that it meant to insert. */
export interface Insertion {
  readonly told: PromiseSettledResult<unknown>
  readonly rows: readonly number[]
}

interface Failure {
  readonly code?: string
  readonly sqlState?: string
  readonly outcome?: string
}

const REFUSED = 'refused by the server'
/** What says that nothing of it was applied. */
const TELLING = new Set(['not-sent', REFUSED])

/** What the call was told, in a word. */
export function wordFor(told: PromiseSettledResult<unknown>): string {
  if (told.status === 'fulfilled') return 'done'
  const { outcome, code, sqlState } = told.reason as Failure
  if (outcome !== undefined) return outcome
  return sqlState === undefined ? `${code ?? told.reason} without an outcome` : REFUSED
}

export function howOften({ rows }: Insertion): string {
  return rows.every((count) => count === rows[0]) ? `applied ${rows[0]}×` : `applied ${rows.join('×, ')}×`
}

/** In what it breaks at most once, if it does: applied twice or by half, or not as it was told. */
export function wrongAbout({ told, rows }: Insertion): string | undefined {
  const word = wordFor(told)
  const said = `${word}, ${howOften({ told, rows })}`
  const applied = rows.some((count) => count > 0)
  if (rows.some((count) => count > 1 || count !== rows[0])) return said
  if (word === 'unknown') return undefined
  if (word === 'done') return applied ? undefined : said
  return applied || !TELLING.has(word) ? said : undefined
}

/**
 * How often each of the notes is there. A server that has lost its client may still be at its last statement: it is asked when
 * all sessions of the user are gone.
 */
export async function countNotes(database: Database, notes: readonly string[]): Promise<Map<string, number>> {
  const patience = Date.now() + 30_000
  while ((await database.connections()).length > 0) {
    if (Date.now() > patience) throw new Error('sessions are still there')
    await sleep(2)
  }
  const rows = await database.query<RowDataPacket[]>(
    'SELECT note, COUNT(*) AS times FROM notes WHERE note IN (?) GROUP BY note',
    [notes],
  )
  const times = new Map(rows.map(({ note, times }) => [note, times]))
  return new Map(notes.map((note) => [note, times.get(note) ?? 0]))
}
