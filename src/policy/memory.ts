import type { Effect } from './effect.ts'

/** Distinct texts remembered. A program's statements are few; generated ones push each other out, whole, now and then. */
const REMEMBERED = 1000
/** Longer texts (bulk inserts) are read each time rather than kept alive. */
const LONGEST_REMEMBERED = 4096
/** From here on hashing a text costs more than comparing it with the last one of its length. */
const LONG = 200

/** What texts have been found to mean: what they leave behind, or something else. */
export class Memory<Meaning = Effect> {
  readonly #meanings = new Map<string, Meaning>()
  /** Of the long ones the last of each length. A text that is built anew each time has no hash yet: 1000 characters, 1 to 5 µs. */
  readonly #last = new Map<number, { readonly sql: string; readonly meaning: Meaning }>()

  recall(sql: string): Meaning | undefined {
    if (sql.length < LONG) return this.#meanings.get(sql)
    const last = this.#last.get(sql.length)
    if (last?.sql === sql) return last.meaning
    const meaning = this.#meanings.get(sql)
    if (meaning !== undefined) this.#last.set(sql.length, { sql, meaning })
    return meaning
  }

  keep(sql: string, meaning: Meaning): void {
    if (sql.length > LONGEST_REMEMBERED) return
    if (this.#meanings.size >= REMEMBERED) {
      this.#meanings.clear()
      this.#last.clear()
    }
    this.#meanings.set(sql, meaning)
  }
}
