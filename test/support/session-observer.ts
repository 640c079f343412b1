import { createConnection, type RowDataPacket, type Connection as ServerSession } from 'mysql2/promise'
import type { Database } from './database.ts'

/** Differ between two looks at a session in which nothing happened. */
const VOLATILE =
  /^(timestamp|rand_seed\d|.*gtid.*|error_count|warning_count|last_insert_id|identity|in_transaction|pseudo_thread_id)$/i

/** What a session holds, as far as MariaDB can be asked: each entry a name and its value. */
export type SessionState = Map<string, unknown>

/** A session of the administrator's, and what there is for statements to work on. */
export class SessionObserver implements AsyncDisposable {
  readonly session: ServerSession
  readonly #database: Database

  private constructor(database: Database, session: ServerSession) {
    this.#database = database
    this.session = session
  }

  static async open(database: Database): Promise<SessionObserver> {
    const session = await createConnection({
      ...database.administrator,
      database: database.database,
      multipleStatements: true,
    })
    await session.query(`
      SET GLOBAL session_track_system_variables = '*', GLOBAL session_track_state_change = ON;
      CREATE TABLE IF NOT EXISTS t (c VARCHAR(100)); CREATE TABLE IF NOT EXISTS other (c INT);
      CREATE SEQUENCE IF NOT EXISTS sq; CREATE ROLE IF NOT EXISTS clerk;
      CREATE OR REPLACE PROCEDURE nothing() DO 0; CREATE OR REPLACE PROCEDURE assigns() SET @p = 1;
      CREATE OR REPLACE PROCEDURE takes(a TEXT) DO 0; CREATE OR REPLACE PROCEDURE names() SET NAMES latin1;
      CREATE DATABASE IF NOT EXISTS elsewhere`)
    for (const name of [
      'sets',
      'se``ts',
      'count',
      '$abs',
      'abs$',
      '\u017fin',
      'elsewhere`.`sets',
      'elsewhere`.`abs',
    ])
      await session.query(functionThat('SET @f = 1', name))
    await session.query(functionThat("DO GET_LOCK('k', 0)", 'locks'))
    return new SessionObserver(database, session)
  }

  /** Runs a text, which may fail, and says what the answers' OK packets told of it. */
  async run(sql: string): Promise<{ rows?: unknown; error?: Error; told: string[] }> {
    try {
      const [rows] = await this.session.query(sql)
      const answers = Array.isArray(rows) ? rows : [rows]
      return { rows, told: answers.flatMap(toldBy) }
    } catch (error) {
      return { error: error as Error, told: [] }
    }
  }

  async look(): Promise<SessionState> {
    const schema = this.#database.database
    const [[place]] = await this.session.query<RowDataPacket[]>(
      `SELECT DATABASE() AS db, CURRENT_ROLE() AS role, @@in_transaction AS tx, LAST_INSERT_ID() AS lastId,
        IS_USED_LOCK('k') AS k`,
    )
    const [variables] = await this.session.query<RowDataPacket[]>('SHOW SESSION VARIABLES')
    const [user] = await this.session.query<RowDataPacket[]>(
      'SELECT * FROM information_schema.USER_VARIABLES',
    )
    const prepared = await this.#database.query("SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'")
    const state: SessionState = new Map(Object.entries(place as object))
    for (const { Variable_name: name, Value: value } of variables)
      if (!VOLATILE.test(name)) state.set(`@@${name}`, value)
    for (const { VARIABLE_NAME: name, VARIABLE_VALUE: value } of user) state.set(`@${name}`, value)
    state.set('prepared', prepared[0]?.Value)
    state.set('sequence', JSON.stringify(await this.run(`SELECT PREVIOUS VALUE FOR ${schema}.sq`)))
    state.set('locked tables', await this.#errno(`SELECT 1 FROM ${schema}.other LIMIT 0`))
    state.set('temporary table', await this.#errno('SHOW CREATE TABLE tmp'))
    state.set('handler', await this.#errno('HANDLER h CLOSE'))
    return state
  }

  /** How a session looks when it is new: what `look` finds after a reset. */
  async reset(): Promise<void> {
    await this.session.reset()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.session.end()
  }

  async #errno(sql: string): Promise<number> {
    const { error } = await this.run(sql)
    return (error as { errno?: number } | undefined)?.errno ?? 0
  }
}

function functionThat(does: string, name: string): string {
  return `CREATE OR REPLACE FUNCTION \`${name}\`(a INT) RETURNS INT BEGIN ${does}; RETURN a; END`
}

/** What differs, in words. */
export function difference(before: SessionState, after: SessionState): string[] {
  const names = new Set([...before.keys(), ...after.keys()])
  return [...names]
    .filter((name) => before.get(name) !== after.get(name))
    .map((name) => `${name}: ${before.get(name)} → ${after.get(name)}`)
}

function toldBy(answer: unknown): string[] {
  const { serverStatus = 0, stateChanges } = (answer ?? {}) as {
    serverStatus?: number
    stateChanges?: { systemVariables: object; schema: string | null; trackStateChange: string | null }
  }
  const told = serverStatus & 1 ? ['in transaction'] : []
  if (stateChanges) told.push(JSON.stringify(stateChanges))
  return told
}
