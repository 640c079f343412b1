import { clock, LATE, turn } from './clock.ts'

/** How often to look whether time has gone by unseen, milliseconds. */
const BEAT = 100

/** What to do about somebody who is waited for. */
export interface Waiting {
  /** The time is up, or nobody wants it any more. */
  giveUp(): void
  /** The process was asleep, and what the kernel had for it meanwhile has been seen. */
  woken(): void
}

/**
 * Waits for a server without being charged for sleep: a freeze, or a loop that stood still, puts the end off by as long as it
 * lasted. It looks every 100 ms, so it is for what is rare, as connecting is.
 */
export class Patience {
  readonly #signal: AbortSignal
  /** By the clock, milliseconds. */
  #until: number

  /**
   * @param until by the clock, milliseconds; later after a sleep
   * @param signal gives up at once
   */
  constructor(until: number, signal: AbortSignal) {
    this.#until = until
    this.#signal = signal
  }

  /** Whether after so many milliseconds there would be time left. */
  allows(pause: number): boolean {
    return !this.#signal.aborted && clock.now() + pause < this.#until
  }

  /** One at a time is waited for. @returns ends the waiting */
  watch({ giveUp, woken }: Waiting): () => void {
    let timer: NodeJS.Timeout | undefined
    let due = 0
    const slept = () => {
      const late = clock.now() - due
      if (late > LATE) this.#until += late
      return late > LATE
    }
    const beat = () => {
      if (clock.now() >= this.#until) return giveUp()
      const wait = Math.min(BEAT, this.#until - clock.now())
      due = clock.now() + wait
      timer = setTimeout(() => {
        if (slept()) turn(() => timer && woken())
        beat()
      }, Math.ceil(wait))
    }
    if (this.#signal.aborted) giveUp()
    else beat()
    this.#signal.addEventListener('abort', giveUp)
    return () => {
      this.#signal.removeEventListener('abort', giveUp)
      clearTimeout(timer)
      if (timer) slept() // what was waited for may have come before the beat that is late
      timer = undefined
    }
  }
}

/** What comes too late is dropped. @param late what is thrown then */
export function inTime<T>(awaited: Promise<T>, patience: Patience, late: () => Error): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const settled = patience.watch({ giveUp: () => reject(late()), woken: () => {} })
  awaited.then(resolve, reject)
  return promise.finally(settled) // also of what never comes
}

/** Waits, for no longer than there is patience. @param pause milliseconds */
export async function sleep(pause: number, patience: Patience): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const settled = patience.watch({ giveUp: resolve, woken: resolve })
  const timer = setTimeout(resolve, pause)
  await promise
  clearTimeout(timer)
  settled()
}
