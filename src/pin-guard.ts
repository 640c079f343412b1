import type { QueryOptions } from 'mysql2'
import { type DriverConnection, formatted, type Sql, textOf, valuesOf } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import type { Pinning } from './options/proxy.ts'
import { pinOf, pinOfCall, tooLong } from './policy/pinning.ts'
import { PINS, type Pin } from './policy/pins.ts'
import { shownSql } from './policy/shown-sql.ts'
import type { Target } from './target/target.ts'

/** Looks at what a link is about to send through RDS Proxy. What it throws is `PINNED`, and nothing was sent. */
export class PinGuard {
  /** Called with what would pin, without its values, and why; where it is not refused. */
  onPin: (what: string, why: string) => void = () => {}
  readonly #refuses: boolean

  private constructor(pinning: Pinning) {
    this.#refuses = pinning === 'refuse'
  }

  /** Nothing where nothing is to be said: what is not asked costs nothing. */
  static of({ proxied, pinning }: Target): PinGuard | undefined {
    return proxied && pinning !== 'allow' ? new PinGuard(pinning) : undefined
  }

  /**
   * @param backslashEscapes whether the server reads quoted text so
   * @returns what is to be sent, where its values had to be put in to judge it: they could make something else of a second time
   */
  query(
    connection: DriverConnection,
    sql: Sql,
    values: unknown,
    backslashEscapes: boolean,
  ): QueryOptions | undefined {
    let sent: QueryOptions | undefined
    const withValues = () => {
      sent = formatted(connection, sql, values)
      return sent.sql
    }
    const text = textOf(sql)
    this.#judge(text, pinOfCall(text, valuesOf(sql, values), withValues, backslashEscapes))
    return sent
  }

  /**
   * A text whose values are literals in it.
   *
   * @param text without them, where they make no difference to what it is
   * @param sent with them
   */
  text(text: string, sent: string, backslashEscapes: boolean): void {
    this.#judge(text, tooLong(sent) ? 'long' : pinOf(text, backslashEscapes))
  }

  prepare(sql: Sql): void {
    this.#judge(textOf(sql), 'prepared')
  }

  /** A command of the protocol, by its method. */
  command(method: string): void {
    this.#judge(method, 'undocumented')
  }

  #judge(what: string, pin: Pin | undefined): void {
    if (!pin) return
    const shown = shownSql(what)
    if (!this.#refuses) return this.onPin(shown, PINS[pin])
    throw new WarmpoolError(
      'PINNED',
      `${shown} would pin this session of RDS Proxy to one database connection (${PINS[pin]}): it was not sent`,
      { statusCode: 500, outcome: 'not-sent' },
    )
  }
}
