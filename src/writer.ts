import { clock } from './clock.ts'
import type { Link } from './link.ts'
import { CLEAN } from './policy/session.ts'
import { inDoubt, readOnly, WHAT_IT_IS } from './policy/writer.ts'

/**
 * Keeps a pool that writes away from a server that has become read-only: after a failover the name may lead to the old writer for a
 * while, which lets everybody in.
 */
export class Writer {
  #wrote = false
  #doubtedAt = Number.NEGATIVE_INFINITY

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

  /** Asks the server what it is, if there is doubt. @throws Error `READ_ONLY_SERVER`, or what the connection was lost by */
  async check(link: Link): Promise<void> {
    if (!inDoubt({ wrote: this.#wrote, doubtedAt: this.#doubtedAt }, clock.now())) return
    const row = await firstRow(link, WHAT_IT_IS)
    link.mark(CLEAN)
    if (readOnly(row)) throw readOnlyServer(row)
  }
}

/** A server that does not know the question is taken as it is. */
function firstRow(link: Link, sql: string): Promise<unknown> {
  return new Promise((resolve, reject) =>
    link.query(sql, undefined, (error, rows) => {
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
