import type { Effect } from './effect.ts'

/** Distinct texts remembered. A program's statements are few; generated ones push each other out, whole, now and then. */
const REMEMBERED = 1000
/** Longer texts (bulk inserts) are read each time rather than kept alive. */
const LONGEST_REMEMBERED = 4096
/** From here on hashing a text costs more than comparing it with the last one of its length. */
const LONG = 200

/** What texts have been found to leave behind. */
export class Memory {
  readonly #effects = new Map<string, Effect>()
  /** Of the long ones the last of each length. A text that is built anew each time has no hash yet: 1000 characters, 1 to 5 µs. */
  readonly #last = new Map<number, { readonly sql: string; readonly effect: Effect }>()

  recall(sql: string): Effect | undefined {
    if (sql.length < LONG) return this.#effects.get(sql)
    const last = this.#last.get(sql.length)
    if (last?.sql === sql) return last.effect
    const effect = this.#effects.get(sql)
    if (effect !== undefined) this.#last.set(sql.length, { sql, effect })
    return effect
  }

  keep(sql: string, effect: Effect): void {
    if (sql.length > LONGEST_REMEMBERED) return
    if (this.#effects.size >= REMEMBERED) {
      this.#effects.clear()
      this.#last.clear()
    }
    this.#effects.set(sql, effect)
  }
}
