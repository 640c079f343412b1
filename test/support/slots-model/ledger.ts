/** Somebody who asks for a connection. */
export interface Asker {
  readonly name: string
}

/** The reference model: who waits, in the order of asking, and who has what. It does not accept what must not happen. */
export class Ledger<A extends Asker = Asker> {
  readonly waiting = new Set<A>()
  readonly holding = new Map<A, number>()
  ended = false

  asks(asker: A): void {
    this.waiting.add(asker)
  }

  /** @param link its number */
  granted(asker: A, link: number): void {
    if (!this.waiting.delete(asker)) throw new Error(`${asker.name} got link ${link}, but was not waiting`)
    for (const [holder, held] of this.holding)
      if (held === link) throw new Error(`${asker.name} got link ${link}, which ${holder.name} has`)
    this.holding.set(asker, link)
  }

  failed(asker: A, error: Error): void {
    if (!this.waiting.delete(asker)) throw new Error(`${asker.name} failed, but was not waiting: ${error}`)
  }

  gaveUp(asker: A): void {
    this.waiting.delete(asker)
  }

  gaveBack(asker: A): void {
    this.holding.delete(asker)
  }
}
