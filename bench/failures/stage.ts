import { setTimeout as sleep } from 'node:timers/promises'
import mysql, { type Connection, type RowDataPacket } from 'mysql2/promise'
import type { Database } from '../../local/src/database/database.ts'

/** How often and how long the server is asked for what is to come, milliseconds. */
const EVERY = 2
const AT_MOST = 5000

/** What all scenarios write. */
const TABLES = [
  'CREATE TABLE orders (text VARCHAR(50) PRIMARY KEY)',
  'CREATE TABLE stock (id INT PRIMARY KEY, taken INT)',
]

/** Waits for the row while it is locked. */
export const TAKE_PIECE = 'UPDATE stock SET taken = taken + 1 WHERE id = 1'

/** Writes a row that nobody else writes. */
export const order = (text: string) => `INSERT INTO orders VALUES ('${text}')`

/** A database for the tries of one contestant, and the server's own view of it. */
export class Stage implements AsyncDisposable {
  static #stages = 0
  readonly #name = `failures_${++Stage.#stages}`
  readonly #database: Database
  readonly #administrator: Connection
  #lock: Connection | undefined

  private constructor(database: Database, administrator: Connection) {
    this.#database = database
    this.#administrator = administrator
  }

  static async on(database: Database): Promise<Stage> {
    const { database: _, ...administrator } = database.administrator
    const stage = new Stage(database, await mysql.createConnection(administrator))
    await stage.#administrator.query(`GRANT ALL ON ${stage.#name}.* TO '${database.user}'@'%'`)
    await stage.create()
    return stage
  }

  /** For the application's user. */
  get url(): string {
    const url = new URL(this.#database.url)
    url.pathname = this.#name
    return url.href
  }

  /** The same in parts, and the authority of the server's certificate. */
  get account() {
    const { host, port, user, password, ca } = this.#database
    if (ca === undefined) throw new Error('The server was to offer TLS.')
    return { host, port, user, password, database: this.#name, ca }
  }

  async create(): Promise<void> {
    for (const sql of [`CREATE DATABASE ${this.#name}`, `USE ${this.#name}`, ...TABLES])
      await this.#administrator.query(sql)
  }

  async drop(): Promise<void> {
    await this.#administrator.query(`DROP DATABASE ${this.#name}`)
  }

  /** As for the first try. */
  async clean(): Promise<void> {
    for (const sql of ['DELETE FROM orders', 'REPLACE INTO stock VALUES (1, 0)'])
      await this.#administrator.query(sql)
  }

  /** Waits until the contestant's connections are gone, so that nothing of it reaches the next try. */
  async alone(): Promise<void> {
    await this.until(async () => (await this.#connections()).length === 0)
  }

  async orders(): Promise<string[]> {
    return (await this.#ask('SELECT text FROM orders ORDER BY text')).map((row) => row.text)
  }

  async piecesTaken(): Promise<number> {
    return (await this.#ask('SELECT taken FROM stock'))[0]?.taken
  }

  /** Holds the row that {@link TAKE_PIECE} wants. */
  async lockStock(): Promise<void> {
    this.#lock = await mysql.createConnection({ ...this.#database.administrator, database: this.#name })
    await this.#lock.query('START TRANSACTION')
    await this.#lock.query('SELECT * FROM stock FOR UPDATE')
  }

  async unlockStock(): Promise<void> {
    const lock = this.#lock
    this.#lock = undefined
    await lock?.end()
  }

  /** While `work` is under way, the server is one that is only read from. */
  async readOnly(work: () => Promise<void>): Promise<void> {
    await this.#administrator.query('SET GLOBAL read_only = ON')
    await work().finally(() => this.#administrator.query('SET GLOBAL read_only = OFF'))
  }

  /** The threads of the application in which a statement runs whose text begins so. */
  async running(statement: string): Promise<number[]> {
    const rows = await this.#connections()
    return rows.filter((row) => row.Info?.startsWith(statement)).map((row) => row.Id)
  }

  async stop(how: 'CONNECTION' | 'QUERY', statement: string): Promise<void> {
    for (const id of await this.running(statement))
      await this.#administrator.query(`KILL ${how} ${id}`).catch(unlessGone)
  }

  /** Resolves when no statement of the application runs any more. */
  async quiet(): Promise<void> {
    await this.until(async () => (await this.#connections()).every((row) => row.Command === 'Sleep'))
  }

  /** How many statements the server is sent, by whomever, while `work` is under way. */
  async statementsDuring(work: () => Promise<unknown>): Promise<number> {
    const before = await this.#questions()
    await work()
    return (await this.#questions()) - before - 1 // our second question counts itself
  }

  /** @throws Error when it does not become true */
  async until(isSo: () => Promise<boolean>): Promise<void> {
    if (!(await this.soon(isSo, AT_MOST))) throw new Error('What a scenario waits for did not come.')
  }

  /** Whether it becomes true in so many milliseconds. */
  async soon(isSo: () => Promise<boolean>, within: number): Promise<boolean> {
    for (const end = Date.now() + within; !(await isSo()); await sleep(EVERY))
      if (Date.now() > end) return false
    return true
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.drop()
    await this.#administrator.end()
  }

  async #connections() {
    return (await this.#database.connections()).filter((row) => row.db === this.#name)
  }

  async #questions(): Promise<number> {
    const [row] = await this.#ask("SHOW GLOBAL STATUS LIKE 'Questions'")
    return Number(row?.Value)
  }

  async #ask(sql: string): Promise<RowDataPacket[]> {
    return (await this.#administrator.query<RowDataPacket[]>(sql))[0]
  }
}

function unlessGone(error: { code?: string }): void {
  if (error.code !== 'ER_NO_SUCH_THREAD') throw error
}
