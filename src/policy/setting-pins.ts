import type { Pin } from './pins.ts'
import { opens } from './tokens.ts'

/** What RDS Proxy tracks: setting anything else pins the session to one database connection (AWS, RDS Proxy, pinning). */
export const TRACKED: readonly string[] = [
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
  'session_track_schema',
  'sql_mode',
  'time_zone',
  'transaction_isolation',
  'transaction_read_only',
  'tx_isolation',
  'tx_read_only',
  'wait_timeout',
]

const FREE = new Set(['AUTOCOMMIT', 'NAMES', 'CHARSET', ...TRACKED.map((name) => name.toUpperCase())])
const OF_TRANSACTIONS = /^(TRANSACTION|TX)_(ISOLATION|READ_ONLY)$/
const SCOPE = /^(GLOBAL|SESSION|LOCAL|PERSIST|PERSIST_ONLY)$/

/** What pins in a SET; its values are none of its business. */
export function pinOfSetting(tokens: readonly string[]): Pin | undefined {
  let scope = ''
  for (const assignment of assignments(tokens)) {
    const spelled = SCOPE.test(assignment[0] ?? '') && !/^(=|:=|\.)$/.test(assignment[1] ?? '')
    if (spelled) scope = assignment.shift() as string
    const pin = pinOfAssignment(assignment, scope)
    if (pin !== 'none') return pin
    if (assignment[0] === 'TRANSACTION') return undefined // what follows a comma is more of that
  }
  return undefined
}

/** Parts the tokens at the commas that are in no parentheses. */
function assignments(tokens: readonly string[]): string[][] {
  const parts: string[][] = [[]]
  let depth = 0
  for (const token of tokens.slice(1)) {
    if (opens(token)) depth++
    if (token === ')') depth--
    if (token === ',' && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

/** @param before the scope that was named last, which goes for what follows */
function pinOfAssignment(tokens: readonly string[], before: string): Pin | 'none' {
  if (tokens[0] === '@' && tokens[1] !== '@') return 'userVariable'
  const asked = tokens[0] === '@' ? tokens.slice(2) : tokens
  const dotted = SCOPE.test(asked[0] ?? '') && asked[1] === '.'
  const scope = dotted ? (asked[0] as string) : before
  const [name = '', next] = (dotted ? asked.slice(2) : asked).map((token) => token.replace(/^`/, ''))
  const bare = tokens[0] === '@' && !dotted
  if (name === 'TRANSACTION' && scope === '') return 'nextTransaction'
  if (bare && OF_TRANSACTIONS.test(name)) return 'nextTransaction'
  if (scope === 'LOCAL') return 'local'
  if (scope !== '' && scope !== 'SESSION') return 'untracked'
  if (FREE.has(name) || name === 'TRANSACTION') return 'none'
  if ((name === 'CHARACTER' || name === 'CHAR') && next === 'SET') return 'none'
  return name.startsWith('SESSION_TRACK_') ? 'tracking' : 'untracked'
}
