import { constants } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** What is not ended by then is left to the guards of processes and directories, which this process's end sets off. */
const ENDED_WITHIN = 3000

/** What a command has started and must end: containers, a database, directories. */
export class Held {
  readonly #things: Promise<AsyncDisposable>[] = []
  readonly #interruption = new AbortController()

  /** Aborts with Ctrl-C: from then on nothing is to be started or printed. */
  get signal(): AbortSignal {
    return this.#interruption.signal
  }

  /** Sees to it that what is being started here is ended, also when Ctrl-C comes before it has started. */
  keep<T extends AsyncDisposable>(starting: T | Promise<T>): Promise<T> {
    const thing = Promise.resolve(starting)
    this.#things.push(thing)
    thing.catch(() => {}) // told to whoever waits for what is returned
    return thing
  }

  interrupt(): void {
    this.#interruption.abort()
  }

  /** Ends everything, the last first. */
  async end(): Promise<void> {
    for (let thing = this.#things.pop(); thing; thing = this.#things.pop()) {
      const started = await thing.catch(() => undefined)
      await started?.[Symbol.asyncDispose]()
    }
  }
}

/**
 * Does the work until it is done or Ctrl-C (or SIGTERM, SIGHUP, or the reader of our output) ends it; then ends what it holds.
 * A second Ctrl-C ends this process at once.
 *
 * @returns the work's exit code, or 128 and the signal's number: 130 for Ctrl-C
 */
export async function untilInterrupted(work: (held: Held) => Promise<number>): Promise<number> {
  const held = new Held()
  const { promise: interrupted, resolve } = Promise.withResolvers<number>()
  const interrupt = (signal: keyof typeof constants.signals) => {
    const exitCode = 128 + constants.signals[signal]
    if (held.signal.aborted) process.exit(exitCode)
    held.interrupt()
    resolve(exitCode)
  }
  const unread = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (!held.signal.aborted) interrupt('SIGPIPE')
  }
  for (const signal of SIGNALS) process.on(signal, interrupt)
  process.stdout.on('error', unread)
  try {
    const working = work(held)
    working.catch(() => {}) // what fails because it was interrupted is nobody's concern
    return await Promise.race([working, interrupted])
  } finally {
    const patience = delay(ENDED_WITHIN, undefined, { ref: false })
    await (held.signal.aborted ? Promise.race([held.end(), patience]) : held.end())
    for (const signal of SIGNALS) process.off(signal, interrupt)
    process.stdout.off('error', unread)
  }
}
