import { turn } from './clock.ts'
import type { Living } from './living-pools.ts'
import { atLoad } from './load-context.ts'

const SIGNALS = ['SIGTERM', 'SIGINT'] as const
/** For so long nobody is told that an end takes its time, milliseconds. */
const QUIET = 500

/** Ends pools when the process is asked to end. Listens as long as there are any. */
class Watch {
  readonly #pools = new Set<Living>()
  #heardBefore = false

  add(pool: Living): void {
    if (this.#pools.size === 0) for (const signal of SIGNALS) process.prependListener(signal, this.#heard)
    this.#pools.add(pool)
  }

  delete(pool: Living): void {
    if (!this.#pools.delete(pool) || this.#pools.size > 0) return
    for (const signal of SIGNALS) process.off(signal, this.#heard)
    this.#heardBefore = false
  }

  /** The first time work may finish, the second time it is stopped. */
  readonly #heard = (signal: NodeJS.Signals): void => {
    // Now, as one that listens once is gone when the pools have ended; we are first.
    const alone = process.listenerCount(signal) === 1
    const timeout = this.#heardBefore ? 0 : undefined
    this.#heardBefore = true
    const ends = [...this.#pools].map((pool) => pool.end(timeout, alone))
    const told = setTimeout(tellWaiting, QUIET, signal).unref()
    void Promise.allSettled(ends).then(() => {
      clearTimeout(told)
      if (alone) die(signal)
    })
  }
}

function tellWaiting(signal: NodeJS.Signals): void {
  console.warn(`warmpool: ${signal}: waiting for what still runs on the database; a second one stops it`)
}

/** As if nobody had listened. What was answered last has a turn of the loop to leave. */
function die(signal: NodeJS.Signals): void {
  turn(() => {
    process.kill(process.pid, signal)
    // The first process of a container is not sent what it does not listen to.
    turn(() => process.exit(128 + process.getBuiltinModule('node:os').constants.signals[signal]))
  })
}

/** On `globalThis`: each of two copies of this package would take the other's listener for the program's own. */
const WATCH = Symbol.for('warmpool.signals.1')
const global = globalThis as { [WATCH]?: Watch }

/**
 * Ends the pool on SIGTERM and SIGINT; the process then dies of that, unless it has a listener of its own, which decides.
 * A second signal stops what still runs.
 */
export function endOnSignals(pool: Living): void {
  if (!process.getBuiltinModule('node:worker_threads').isMainThread) return tellDeaf()
  global[WATCH] ??= new Watch()
  const watch = global[WATCH]
  atLoad(() => watch.add(pool))
}

function tellDeaf(): void {
  console.warn(
    "warmpool: shutdown: 'signals' does nothing in a worker thread, which gets none: call pool.end() there",
  )
}

/** For a pool that has ended. */
export function ignoreSignals(pool: Living): void {
  global[WATCH]?.delete(pool)
}
