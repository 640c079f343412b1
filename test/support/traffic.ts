import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'vitest'
import type { Pool } from '../../src/index.ts'
import { contextFor } from './context.ts'

/** One invocation. Times are `performance.now()`. */
interface Told {
  readonly what: 'read' | 'transaction' | 'write'
  readonly began: number
  ended: number
  error: (Error & { code?: string }) | undefined
}

/** What each invocation has, milliseconds: less than an outage may last. */
const REMAINING = 3000

let lastNote = 0

/** A container that is never without an invocation: reads, and writes, one after the other. */
export class Traffic implements AsyncDisposable {
  readonly told: Told[] = []
  /** The notes whose writing was acknowledged. */
  readonly acknowledged: number[] = []
  readonly #pool: Pool
  readonly #kinds: readonly Told['what'][]
  readonly #over: Promise<void>
  #going = true

  /** @param kinds what the invocations do in turns */
  constructor(pool: Pool, kinds: readonly Told['what'][] = ['read', 'transaction']) {
    this.#pool = pool
    this.#kinds = kinds
    this.#over = this.#go()
  }

  /** Those that began at or after that time. */
  since(time: number): Told[] {
    return this.told.filter(({ began }) => began >= time)
  }

  /** Resolves when so many have succeeded that began after that time. */
  async successes(count: number, time = 0): Promise<void> {
    const succeeded = () => this.since(time).filter(({ ended, error }) => ended > 0 && !error).length
    await expect.poll(succeeded, { interval: 5, timeout: 15_000 }).toBeGreaterThanOrEqual(count)
  }

  /** Ends with the invocation under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false
    await this.#over
  }

  async #go(): Promise<void> {
    for (let count = 0; this.#going; count++) {
      const what = this.#kinds[count % this.#kinds.length] as Told['what']
      const told: Told = { what, began: performance.now(), ended: 0, error: undefined }
      this.told.push(told)
      await this.#invoke(what).catch((error) => {
        told.error = error
      })
      told.ended = performance.now()
      await sleep(2)
    }
  }

  async #invoke(what: Told['what']): Promise<void> {
    const note = ++lastNote
    const work: Record<Told['what'], () => Promise<unknown>> = {
      read: () => this.#pool.query('SELECT COUNT(*) FROM notes'),
      write: () => this.#pool.query('INSERT INTO notes VALUES (?)', [note]),
      transaction: () =>
        this.#pool.transaction((tx) => tx.query('INSERT INTO notes VALUES (?)', [note]), { retries: 20 }),
    }
    await this.#pool.wrap((_event: unknown, _context: object) => work[what]())({}, contextFor(REMAINING))
    if (what !== 'read') this.acknowledged.push(note)
  }
}
