import type { Dirt } from '../script/script.ts'
import { nameOf } from './instruments.ts'

/** What the server sees in the session that it writes a row for. */
const EVIDENCE: Record<string, string> = {
  session: 'CONNECTION_ID()',
  begun: 'UNIX_TIMESTAMP(NOW(6))',
  mark: '@mark',
  db: 'DATABASE()',
  autocommit: '@@autocommit',
  locked: "IS_USED_LOCK('chaos') <=> CONNECTION_ID()",
  zone: '@@time_zone',
  lease: '@@wait_timeout',
}

const COLUMNS = Object.keys(EVIDENCE).join(', ')
const VALUES = Object.values(EVIDENCE).join(', ')
const SELECTED = Object.entries(EVIDENCE).map(([name, sql]) => `${sql} AS ${name}`)

/** Inserts one row for an operation, spending so many milliseconds on it. */
export function insert(op: string, slow = 0): [string, unknown[]] {
  const [invocation] = op.split('.')
  const slept = slow > 0 ? 'SLEEP(?)' : '?'
  const sql = `INSERT INTO ${schema}.ledger (op, invocation, slept, ${COLUMNS}) VALUES (?, ?, ${slept}, ${VALUES})`
  return [sql, [nameOf(op), invocation, slow / 1000]]
}

/** Has the server say back the operation's name, and what its session looks like. */
export function echo(op: string): [string, unknown[]] {
  return [`SELECT ? AS name, ${SELECTED.join(', ')}`, [nameOf(op)]]
}

/** Many rows, long ones. */
export const MANY_ROWS = 400
export const MANY = `SELECT seq, REPEAT('x', 500) AS filler, ? AS name FROM seq_1_to_${MANY_ROWS}`

export const schema = new URL(process.env.DATABASE_URL as string).pathname.slice(1)

/** Leaves something in the session, for the next to find. */
export function soil(kind: Dirt, op: string): [string, unknown[]] {
  return {
    variable: (): [string, unknown[]] => ['SET @mark = ?', [nameOf(op)]],
    'temporary table': (): [string, unknown[]] => ['CREATE TEMPORARY TABLE left_behind (a INT)', []],
    lock: (): [string, unknown[]] => ["DO GET_LOCK('chaos', 0)", []],
    database: (): [string, unknown[]] => ['USE information_schema', []],
    autocommit: (): [string, unknown[]] => ['SET autocommit = 0', []],
    'time zone': (): [string, unknown[]] => ["SET time_zone = '+05:00'", []],
  }[kind]()
}
