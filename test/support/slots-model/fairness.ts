import type { SimulatedClaim, SimulatedOwner } from './simulated-claim.ts'

/** Sees to it that owners take turns, and that within one it is first come, first served. */
export class Fairness {
  readonly #waiting: ReadonlySet<SimulatedClaim>
  /** When an owner was last granted a connection, or began to wait, by the count of such moments. */
  readonly #since = new Map<SimulatedOwner, number>()
  #moments = 0

  constructor(waiting: ReadonlySet<SimulatedClaim>) {
    this.#waiting = waiting
  }

  asks({ owner }: SimulatedClaim): void {
    for (const claim of this.#waiting) if (claim.owner === owner) return
    this.#since.set(owner, ++this.#moments)
  }

  *granted({ owner, number }: SimulatedClaim): Generator<string> {
    const inLine = [...this.#waiting].filter((claim) => claim.inLine)
    for (const other of inLine) {
      const overtaken =
        other.owner === owner ? other.number < number : this.#turnOf(other) < this.#turnOf({ owner })
      if (overtaken && (other.owner === owner || !this.#hasLentTurn(other))) yield `overtook ${other.name}`
    }
    this.#since.set(owner, ++this.#moments)
  }

  #turnOf({ owner }: Pick<SimulatedClaim, 'owner'>): number {
    return this.#since.get(owner) as number
  }

  /** A connection is being validated for its owner, and the others go first meanwhile. */
  #hasLentTurn({ owner }: SimulatedClaim): boolean {
    for (const claim of this.#waiting) if (claim.owner === owner && !claim.inLine) return true
    return false
  }
}
