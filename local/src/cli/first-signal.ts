import { constants } from 'node:os'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** See {@link firstSignal}. */
export interface FirstSignal {
  /** Resolves with 128 and the signal's number: 130 for Ctrl-C. */
  readonly came: Promise<number>
  /** Leaves signals to Node again. */
  forget(): void
}

/** Waits for the first signal that ends a program, or for the reader of our output to go; the second ends it at once. */
export function firstSignal(): FirstSignal {
  const { promise: came, resolve: come } = Promise.withResolvers<number>()
  let first = true
  const listener = (signal: (typeof SIGNALS)[number] | 'SIGPIPE') => {
    const exitCode = 128 + constants.signals[signal]
    if (!first) process.exit(exitCode)
    first = false
    come(exitCode)
  }
  const unread = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (first) listener('SIGPIPE')
  }
  for (const signal of SIGNALS) process.on(signal, listener)
  process.stdout.on('error', unread)
  const forget = () => {
    for (const signal of SIGNALS) process.off(signal, listener)
    process.stdout.off('error', unread)
  }
  return { came, forget }
}
