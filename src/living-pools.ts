/** A pool, as whoever ends all of them needs it. */
export interface Living {
  /**
   * @param timeout milliseconds until what still runs is stopped; of several, the earliest counts
   * @param dying the process ends with it: what is asked for then is not even refused, as that would be the last it tells
   */
  end(timeout?: number, dying?: boolean): Promise<void>
}

/** On `globalThis`, because a bundle can hold two copies of this package; they must agree on what is in it. */
const LIVING = Symbol.for('warmpool.living.1')

/** Every pool of this thread that has sockets, or may have them: those that are ending now, too. */
export function livingPools(): Set<Living> {
  const global = globalThis as { [LIVING]?: Set<Living> }
  global[LIVING] ??= new Set()
  return global[LIVING]
}
