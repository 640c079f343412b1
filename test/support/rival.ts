import { type Connection, createConnection } from 'mysql2/promise'
import type { Transaction } from '../../src/index.ts'
import type { Database } from './database.ts'

/** What a rival does to a table `t` that has the rows 1 and 2. */
export class Rival implements AsyncDisposable {
  readonly #connection: Connection

  private constructor(connection: Connection) {
    this.#connection = connection
  }

  static async to({ host, port, user, password, database }: Database): Promise<Rival> {
    return new Rival(await createConnection({ host, port, user, password, database }))
  }

  /** Keeps a row locked until {@link letGo}. */
  async lock(id: number): Promise<void> {
    await this.#connection.query('BEGIN')
    await this.#connection.query('SELECT id FROM t WHERE id = ? FOR UPDATE', [id])
  }

  async letGo(): Promise<void> {
    await this.#connection.query('ROLLBACK')
  }

  /** Whether nobody has the row locked now. */
  async finds(id: number): Promise<boolean> {
    const asked = this.#connection.query('SELECT id FROM t WHERE id = ? FOR UPDATE NOWAIT', [id])
    const [rows] = await asked.catch(() => [[]])
    return (rows as unknown[]).length > 0
  }

  /** Makes the transaction the victim of a deadlock: it has done less, so the server chooses it. Rejects with its error. */
  async collideWith(tx: Pick<Transaction, 'query'>): Promise<void> {
    await this.lock(2)
    await this.#connection.query('INSERT INTO t SELECT seq, "rival" FROM seq_1000_to_1100')
    await tx.query("UPDATE t SET v = 'mine' WHERE id = 1")
    const crossing = this.#connection.query("UPDATE t SET v = 'rival' WHERE id = 1")
    try {
      await tx.query("UPDATE t SET v = 'mine' WHERE id = 2")
    } finally {
      await crossing // the victim's locks are free
      await this.letGo()
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection.end()
  }
}
