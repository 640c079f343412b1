import { inTime } from './in-time.ts'
import type { Connection } from './project.ts'

type Values = Readonly<Record<string, string | undefined>>

/** As the server says it, whatever the program makes of its own answers. Only a function takes the place of the program's own. */
const PLAIN = { rowsAsArray: false, nestTables: false, typeCast: (_: unknown, next: () => unknown) => next() }

const LATE = Symbol('late')

/** That one answer did not come in time. */
export class Silence extends Error {}

/** Asks the server, each thing once. */
export class Server {
  readonly #connection: Connection
  readonly #limit: number
  readonly #answers = new Map<string, Promise<Record<string, unknown>[]>>()

  /** @param limit how long one answer may take, milliseconds */
  constructor(connection: Connection, limit: number) {
    this.#connection = connection
    this.#limit = limit
  }

  /** The session's number by its greeting. */
  get greeted(): number {
    return this.#connection.threadId
  }

  /** Asked anew each time. @throws Silence */
  async ask(sql: string): Promise<unknown> {
    const answer = await inTime(this.#connection.query({ sql, ...PLAIN }), this.#limit, LATE)
    if (answer === LATE) throw new Silence()
    return (answer as [rows: unknown, fields: unknown])[0]
  }

  /** Rows by the names of their columns. @throws Silence */
  rows(sql: string): Promise<Record<string, unknown>[]> {
    const known = this.#answers.get(sql)
    if (known) return known
    const answer = this.ask(sql) as Promise<Record<string, unknown>[]>
    this.#answers.set(sql, answer)
    return answer
  }

  /** Those that the server has. */
  variables(scope: 'GLOBAL' | 'SESSION', ...names: string[]): Promise<Values> {
    return this.#values(`SHOW ${scope} VARIABLES`, names)
  }

  status(...names: string[]): Promise<Values> {
    return this.#values('SHOW GLOBAL STATUS', names)
  }

  async #values(show: string, names: string[]): Promise<Values> {
    const list = names.map((name) => `'${name}'`).join(', ')
    const rows = await this.rows(`${show} WHERE Variable_name IN (${list})`)
    return Object.fromEntries(
      rows.map((row) => {
        const [name, value] = Object.values(row)
        return [String(name).toLowerCase(), String(value)]
      }),
    )
  }
}
