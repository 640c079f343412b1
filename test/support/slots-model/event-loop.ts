import { vi } from 'vitest'
import { clock } from '../../../src/clock.ts'

interface Timer {
  readonly when: number
  readonly ring: () => void
}

type Callback = () => void

const settleMicrotasks: (then: Callback) => unknown = setImmediate

/**
 * Node's event loop in virtual time: timers, then what the kernel has, then immediates, each with its microtasks. It starts
 * as a frozen process may go on: with the immediates, the poll of that turn being over.
 */
export class EventLoop {
  /** Wall clock, milliseconds. */
  now = 1_000_000
  readonly #timers = new Set<Timer>()
  #immediates: Callback[] = []
  #inKernel: Callback[] = []

  /** In place of the real one, until `vi.unstubAllGlobals()` and `vi.restoreAllMocks()`. */
  install(): void {
    vi.spyOn(clock, 'now').mockImplementation(() => this.now)
    vi.stubGlobal('setImmediate', (then: Callback) => this.#immediates.push(then))
    vi.stubGlobal('clearTimeout', (timer: Timer) => this.#timers.delete(timer))
    vi.stubGlobal('setTimeout', (ring: Callback, delay: number) => {
      const timer = { when: this.now + delay, ring }
      this.#timers.add(timer)
      return timer
    })
  }

  /** How many timers would keep a process alive. */
  get timers(): number {
    return this.#timers.size
  }

  /** Whether there is nothing that could happen now. */
  get quiet(): boolean {
    return this.#due().length + this.#immediates.length + this.#inKernel.length === 0
  }

  /** Something has come in from outside; the process hears of it at its next poll. */
  arrives(heard: Callback): void {
    this.#inKernel.push(heard)
  }

  async microtasks(): Promise<void> {
    await new Promise<void>((resolve) => settleMicrotasks(resolve))
  }

  async turn(): Promise<void> {
    await this.#run(this.#immediates.splice(0))
    await this.#run(this.#due())
    await this.#run(this.#inKernel.splice(0))
  }

  /** Time passes while the process runs. */
  async pass(milliseconds: number): Promise<void> {
    const until = this.now + milliseconds
    for (let next = this.#nextTimer(); next <= until; next = this.#nextTimer()) {
      this.now = Math.max(this.now, next)
      await this.turn()
    }
    this.now = until
    await this.turn()
  }

  /** Time passes while the process stands still. */
  freeze(milliseconds: number): void {
    this.now += milliseconds
  }

  #nextTimer(): number {
    return Math.min(...[...this.#timers].map((timer) => timer.when))
  }

  #due(): Callback[] {
    const due = [...this.#timers].filter((timer) => timer.when <= this.now).sort((a, b) => a.when - b.when)
    return due.map((timer) => () => this.#timers.delete(timer) && timer.ring())
  }

  async #run(callbacks: readonly Callback[]): Promise<void> {
    for (const callback of callbacks) {
      callback()
      await this.microtasks()
    }
  }
}
