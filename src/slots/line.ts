/** What can stand in a {@link Line}: it carries its own neighbours, so that leaving costs the same anywhere. */
export interface Standing<T> {
  ahead: T | undefined
  behind: T | undefined
  inLine: boolean
}

/** First come, first served; joining, leaving and being put first take constant time, however long the line is. */
export class Line<T extends Standing<T>> {
  #first: T | undefined
  #last: T | undefined
  #length = 0

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    return this.#first
  }

  push(one: T): void {
    one.ahead = this.#last
    one.behind = undefined
    if (this.#last) this.#last.behind = one
    else this.#first = one
    this.#last = one
    one.inLine = true
    this.#length++
  }

  unshift(one: T): void {
    one.ahead = undefined
    one.behind = this.#first
    if (this.#first) this.#first.ahead = one
    else this.#last = one
    this.#first = one
    one.inLine = true
    this.#length++
  }

  shift(): T | undefined {
    const one = this.#first
    if (one) this.remove(one)
    return one
  }

  /** Does nothing for one that is not in line. */
  remove(one: T): void {
    if (!one.inLine) return
    if (one.ahead) one.ahead.behind = one.behind
    else this.#first = one.behind
    if (one.behind) one.behind.ahead = one.ahead
    else this.#last = one.ahead
    one.ahead = undefined
    one.behind = undefined
    one.inLine = false
    this.#length--
  }
}
