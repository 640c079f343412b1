import type { Connection } from './project.ts'

type Values = Readonly<Record<string, string | undefined>>

/** Asks the server, each thing once. */
export class Server {
  readonly #connection: Connection
  readonly #answers = new Map<string, Promise<Record<string, unknown>[]>>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The session's number by its greeting. */
  get greeted(): number {
    return this.#connection.threadId
  }

  /** Asked anew each time. */
  async ask(sql: string): Promise<void> {
    await this.#connection.query(sql)
  }

  /** Rows with their columns' names in lower case, as servers differ. */
  rows(sql: string): Promise<Record<string, unknown>[]> {
    const known = this.#answers.get(sql)
    if (known) return known
    const asked = this.#connection.query({ sql, rowsAsArray: false })
    const answer = asked.then(([rows]) => rows as Record<string, unknown>[])
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
