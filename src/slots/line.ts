/** What can stand in a {@link Line}: it carries its own neighbours, so that leaving costs the same anywhere. */
export interface Standing<T> {
  ahead: T | undefined
  behind: T | undefined
  inLine: boolean
  /** Where it stands among all that ever stood in a line. */
  place: number
}

/** Of all lines: whoever comes back may find that his line is a new one. */
let places = 0

/** First come, first served; joining and leaving take constant time, however long the line is. */
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

  *[Symbol.iterator](): Generator<T> {
    for (let one = this.#first; one; one = one.behind) yield one
  }

  push(one: T): void {
    one.place = ++places
    this.#insert(one, this.#last, undefined)
  }

  /** Gives one that was first its place back: only others that were first can be ahead of it. */
  putBack(one: T): void {
    let behind = this.#first
    while (behind && behind.place < one.place) behind = behind.behind
    this.#insert(one, behind ? behind.ahead : this.#last, behind)
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

  #insert(one: T, ahead: T | undefined, behind: T | undefined): void {
    one.ahead = ahead
    one.behind = behind
    if (ahead) ahead.behind = one
    else this.#first = one
    if (behind) behind.ahead = one
    else this.#last = one
    one.inLine = true
    this.#length++
  }
}
