import { Line, type Standing } from './line.ts'

/** What can wait in {@link Turns}. */
export interface Waiting<T> extends Standing<T> {
  readonly owner: object
}

/** Those of one owner. They stand in a line, and it stands in the line of owners, also empty while one of them is aside. */
class Party<T extends Standing<T>> extends Line<T> implements Standing<Party<T>> {
  ahead: Party<T> | undefined
  behind: Party<T> | undefined
  inLine = false
  place = 0
  /** What its place would be, were nobody aside. */
  turn = 0
  /** How many have stepped aside. */
  aside = 0
}

/**
 * Owners take turns; within one, first come, first served. Being served uses the owner's turn, and nothing else does: who is
 * aside has lent it to the others, and his owner has it back with him unless another of them has been served meanwhile. So
 * nobody is served twice while another waits. But for what says so, everything takes constant time, however many wait.
 */
export class Turns<T extends Waiting<T>> {
  readonly #parties = new Map<object, Party<T>>()
  readonly #ring = new Line<Party<T>>()
  readonly #aside = new Set<T>()
  #length = 0
  /** The last that became empty, for the next owner: in a container that is hardly ever waited in, one comes and goes. */
  #spare: Party<T> | undefined

  get length(): number {
    return this.#length
  }

  get first(): T | undefined {
    let party = this.#ring.first
    while (party?.length === 0) party = party.behind // as many as have one aside, at most
    return party?.first
  }

  /** Who has waited longest, whoever's turn it is. Looks at every owner. */
  get oldest(): T | undefined {
    let oldest: T | undefined
    for (const { first } of this.#ring) if (!oldest || (first && first.place < oldest.place)) oldest = first
    return oldest
  }

  *[Symbol.iterator](): Generator<T> {
    for (const party of this.#ring) yield* party
  }

  join(one: T): void {
    const party = this.#partyOf(one)
    party.push(one)
    this.#length++
    if (!party.inLine) this.#useTurn(party)
  }

  /** The first goes, and its owner's turn is used. Does nothing for one that is not in line. */
  serve(one: T): void {
    if (!one.inLine) return
    const party = this.#partyOf(one)
    this.#takeOut(one, party)
    if (party.inLine) this.#useTurn(party)
  }

  /** The first goes, and may be {@link putBack}, or {@link leave}. */
  stepAside(one: T): void {
    const party = this.#partyOf(one)
    this.#aside.add(one)
    party.aside++
    this.#takeOut(one, party)
    this.#ring.remove(party)
    this.#ring.push(party)
  }

  /** Who was aside has his place again. */
  putBack(one: T): void {
    const party = this.#partyOf(one)
    party.putBack(one)
    this.#length++
    this.#returned(one, party)
  }

  /** Gives up, in line or aside, which costs the owner no turn. Does nothing for others. */
  leave(one: T): void {
    if (one.inLine) this.#takeOut(one, this.#partyOf(one))
    else if (this.#aside.has(one)) this.#returned(one, this.#partyOf(one))
  }

  /** About how many will be served before one in line, if nobody joins or leaves. Looks at every owner. */
  ahead(one: T): number {
    if (!one.inLine) return 0
    const own = this.#partyOf(one)
    let before = 0
    for (let other = one.ahead; other; other = other.ahead) before++
    let ahead = before
    for (const { length, place } of this.#ring)
      if (place !== own.place) ahead += Math.min(length, place < own.place ? before + 1 : before)
    return ahead
  }

  #partyOf({ owner }: T): Party<T> {
    const known = this.#parties.get(owner)
    if (known) return known
    const party = this.#spare ?? new Party<T>()
    this.#spare = undefined
    this.#parties.set(owner, party)
    return party
  }

  #takeOut(one: T, party: Party<T>): void {
    party.remove(one)
    this.#length--
    this.#dissolve(one, party)
  }

  /** A party of nobody is none. */
  #dissolve({ owner }: T, party: Party<T>): void {
    if (party.length + party.aside > 0) return
    this.#ring.remove(party)
    this.#parties.delete(owner)
    this.#spare = party
  }

  /** The next is behind those of all others. */
  #useTurn(party: Party<T>): void {
    this.#ring.remove(party)
    this.#ring.push(party)
    party.turn = party.place
  }

  /** One is not aside any more: what was lent is back. */
  #returned(one: T, party: Party<T>): void {
    this.#aside.delete(one)
    party.aside--
    this.#dissolve(one, party)
    if (!party.inLine || party.place === party.turn) return
    this.#ring.remove(party)
    party.place = party.turn
    this.#ring.putBack(party)
  }
}
