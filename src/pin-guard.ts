import { bound, type DriverConnection, type Sql, textOf } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import type { Pinning } from './options/proxy.ts'
import { pinOfCall, tooLong } from './policy/pinning.ts'
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

  /** @param backslashEscapes whether the server reads quoted text so */
  query(connection: DriverConnection, sql: Sql, values: unknown, backslashEscapes: boolean): void {
    const text = textOf(sql)
    const given = values ?? (typeof sql === 'string' ? undefined : sql.values)
    const formatted = () => {
      const options = bound(connection, sql, given)
      return connection.format(options.sql, options.values)
    }
    this.#judge(text, pinOfCall(text, given, formatted, backslashEscapes))
  }

  /** @param sent what `sql` has become with its values */
  executed(sql: Sql, sent: string): void {
    if (tooLong(sent)) this.#judge(textOf(sql), 'long')
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
