import type { SentCommand } from '../packets.ts'
import { bareStatements, EXECUTABLE } from './bare-text.ts'

/** Why RDS Proxy keeps a client on one server connection from now on. */
export type Reason =
  | 'executable comment'
  | 'named lock'
  | 'next transaction only'
  | 'prepared statement'
  | 'row count'
  | 'session tracking'
  | 'system variable'
  | 'table lock'
  | 'temporary table'
  | 'text over 16 KB'
  | 'user variable'

/** Bytes of a statement that do not pin yet. */
const LONGEST = 16 * 1024

/** What the proxy follows instead of pinning, by AWS's page "Avoiding pinning an RDS Proxy". */
const TRACKED = new Set([
  'autocommit',
  'auto_increment_increment',
  'character_set_client',
  'character_set_connection',
  'character_set_database',
  'character_set_filesystem',
  'character_set_results',
  'character_set_server',
  'collation_connection',
  'collation_database',
  'collation_server',
  'interactive_timeout',
  'net_write_timeout',
  'query_cache_type',
  'sql_mode',
  'time_zone',
  'transaction_isolation',
  'transaction_read_only',
  'tx_isolation',
  'tx_read_only',
  'wait_timeout',
])

/** Of these, `SET @@name` without a scope is for the next transaction alone. */
const OF_TRANSACTIONS = /^(transaction|tx)_(isolation|read_only)$/

const BY_WORDS: readonly (readonly [RegExp, Reason])[] = [
  [new RegExp(EXECUTABLE), 'executable comment'],
  [/^(prepare|execute|deallocate prepare|drop prepare)\b/, 'prepared statement'],
  [/^lock tables? /, 'table lock'],
  [/^flush (local |no_write_to_binlog )?tables?\b.*\bwith read lock\b/, 'table lock'],
  [/^create (or replace )?temporary\b/, 'temporary table'],
]

/** Not a table's, an index's or a procedure's name, nor of another database. */
const NO_NAME = '(?<!\\. ?|\\b(call|exists|index|into|key|references|table|unique) )'

/** These count where they are run: a view or a routine is only defined. */
const BY_EXPRESSIONS: readonly (readonly [RegExp, Reason])[] = [
  [new RegExp(`${NO_NAME}\\bget_lock ?\\(`), 'named lock'],
  [new RegExp(`${NO_NAME}\\b(row_count|found_rows) ?\\(`), 'row count'],
  // Setting one, not reading it.
  [
    /^(?!set ).*:=|(?<![@\w'])@[\w$.']+ ?:=|\binto ([\w$.'`]+ ?, ?)*@(?!@)|^set (.*, ?)?@(?!@)|^(begin|case|end if|if|loop|repeat|while)\b.*\bset @(?!@)|^(load|get)\b.*[ (,]@(?!@)/,
    'user variable',
  ],
]
const DEFINITION = /^(create|alter)\b.*?\b(view|procedure|function|trigger|event)\b/

/**
 * The rule by which a command pins its client, written from AWS's documentation and not from this package's own rules, which
 * it is to judge. Where AWS says "sometimes" it always pins.
 */
export function reasonToPin({ name, text, bytes }: SentCommand & { bytes: number }): Reason | undefined {
  if (name === 'PREPARE') return 'prepared statement'
  if (name !== 'QUERY') return undefined
  if (bytes > LONGEST) return 'text over 16 KB'
  for (const statement of bareStatements(text)) {
    const rules = DEFINITION.test(statement) ? BY_WORDS : [...BY_WORDS, ...BY_EXPRESSIONS]
    const reason = rules.find(([words]) => words.test(statement))?.[1] ?? reasonOfSet(statement)
    if (reason) return reason
  }
  return undefined
}

/** Whether the tracked state may be another one after it. */
export function changesTrackedState({ name, text }: SentCommand): boolean {
  if (name === 'INIT_DB') return true
  return bareStatements(text).some((statement) => /^(set|use|drop (database|schema))\b/.test(statement))
}

function reasonOfSet(statement: string): Reason | undefined {
  const [, rest] = /^set (.*)$/.exec(statement) ?? []
  if (rest === undefined || /^(names|character set|charset|char set)\b/.test(rest)) return undefined
  if (/^transaction\b/.test(rest)) return 'next transaction only'
  if (/^(session|local) transaction\b/.test(rest)) return undefined
  return assignments(rest).map(reasonOfAssignment).find(Boolean)
}

/** What is between the commas that no parentheses enclose. */
function assignments(list: string): string[] {
  let depth = 0
  const parts = ['']
  for (const char of list) {
    depth += char === '(' ? 1 : char === ')' ? -1 : 0
    if (char === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += char
  }
  return parts.map((part) => part.trim())
}

function reasonOfAssignment(assignment: string): Reason | undefined {
  if (/^(names|character set|charset)\b/.test(assignment)) return undefined
  const [, at, scope, name = ''] =
    /^(@@)?(?:(session|local|global|persist)(?: ?\. ?| ))?(\w+)/.exec(assignment) ?? []
  if (OF_TRANSACTIONS.test(name) && at && !scope) return 'next transaction only'
  if (name === 'session_track_schema') return undefined
  if (name.startsWith('session_track_')) return 'session tracking'
  const ofSession = scope === undefined || scope === 'session' || scope === 'local'
  return ofSession && TRACKED.has(name) ? undefined : 'system variable'
}
