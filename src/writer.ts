import type { QueryOptions } from 'mysql2'
import { clock } from './clock.ts'
import type { Link } from './link.ts'
import { CLEAN } from './policy/session.ts'
import { inDoubt, readOnly, SEARCHING_FOR, WHAT_IT_IS } from './policy/writer.ts'

/** As the server says it, whatever the user makes of his own answers: a function of the connection's goes before `typeCast: true`. */
const QUESTION: QueryOptions = {
  sql: WHAT_IT_IS,
  typeCast: (_field, next) => next(),
  rowsAsArray: true,
  nestTables: false,
}

/**
 * Keeps a pool that writes away from a server that has become read-only: after a failover the name may lead to the old writer for a
 * while, which lets everybody in.
 */
export class Writer {
  #wrote = false
  #doubtedAt = Number.NEGATIVE_INFINITY
  /** Of the first read-only server since there was a writer. */
  #refusedAt: number | undefined

  /** Hears of the first write that succeeds. */
  watch(link: Link): void {
    if (this.#wrote) return
    link.onWrite = () => {
      this.#wrote = true
    }
  }

  /** There may have been a failover. */
  doubt(): void {
    this.#doubtedAt = clock.now()
  }

  /**
   * Asks the server what it is, if there is doubt. Whoever has waited for long gets a read-only one, for one use: he may want to read.
   *
   * @param waited whether whoever waits for it has done so for long
   * @throws Error `READ_ONLY_SERVER`, or what the connection was lost by
   */
  async check(link: Link, waited: () => boolean): Promise<void> {
    if (!inDoubt({ wrote: this.#wrote, doubtedAt: this.#doubtedAt }, clock.now())) return
    const row = await firstRow(link, QUESTION)
    link.mark(CLEAN)
    if (!readOnly(row)) this.#refusedAt = undefined
    else if (!this.#givesUp()) {
      if (!waited()) throw readOnlyServer(row)
      link.provisional = true
    }
  }

  /** No writer has come for a while: until one does, this pool is one that reads. */
  #givesUp(): boolean {
    this.#refusedAt ??= clock.now()
    if (clock.now() - this.#refusedAt < SEARCHING_FOR) return false
    this.#refusedAt = undefined
    this.#wrote = false
    return true
  }
}

/** A server that does not know the question is taken as it is. */
function firstRow(link: Link, question: QueryOptions): Promise<unknown> {
  return new Promise((resolve, reject) =>
    link.query(question, undefined, (error, rows) => {
      if (error && link.dead) reject(error)
      else resolve(error ? undefined : (rows as unknown[])[0])
    }),
  )
}

function readOnlyServer(row: unknown): Error {
  const [server, engine] = Object.values(Object(row))
  return Object.assign(new Error(`read_only is ${server}, innodb_read_only ${engine}`), {
    code: 'READ_ONLY_SERVER',
  })
}
