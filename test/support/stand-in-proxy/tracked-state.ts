/** A session's tracked state, by name; `database` is the current one. */
export type TrackedState = Readonly<Record<string, string | number | null>>

/** As MariaDB calls them. */
const VARIABLES = [
  'autocommit',
  'character_set_client',
  'character_set_connection',
  'character_set_results',
  'collation_connection',
  'interactive_timeout',
  'net_write_timeout',
  'sql_mode',
  'time_zone',
  'tx_isolation',
  'tx_read_only',
  'wait_timeout',
]

const FLAGS = ['autocommit', 'tx_read_only']

/** One row, one column; in hexadecimal digits, as the session may have any character set. */
export const ASK_STATE = `SELECT HEX(CONVERT(JSON_ARRAY(DATABASE(), ${VARIABLES.map(asked).join(', ')}) USING utf8mb4))`

/** A flag is no JSON to MariaDB before it is a number. */
function asked(name: string): string {
  return FLAGS.includes(name) ? `@@${name} + 0` : `@@${name}`
}

export function stateOf(answer: string): TrackedState {
  const values: (string | number | null)[] = JSON.parse(Buffer.from(answer, 'hex').toString())
  return Object.fromEntries(['database', ...VARIABLES].map((name, at) => [name, values[at] ?? null]))
}

/** The SET that makes one state of the other, but for the current database; nothing where there is none to make. */
export function settingsBetween(now: TrackedState, wanted: TrackedState): string | undefined {
  const different = VARIABLES.filter((name) => now[name] !== wanted[name])
  if (different.length === 0) return undefined
  return `SET ${different.map((name) => `SESSION ${name} = ${literal(wanted[name])}`).join(', ')}`
}

function literal(value: string | number | null | undefined): string {
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value ?? 'NULL')
}
