/** A script: what is done to a container and its database, as data. Everything of it can be written down and played again. */
export interface Script {
  readonly setting: Setting
  readonly steps: readonly Step[]
}

/** How the container is set up. */
export interface Setting {
  readonly connectionLimit: number
  /** How many invocations it takes at once; 1 is Lambda's ordinary mode. */
  readonly concurrency: number
  /** Of AWS's runtime client, where it takes several at once. */
  readonly workers: number
}

/** What is done between two waits: faults, then invocations, in Lambda's ordinary mode one. */
export interface Step {
  /** Played to their end before the invocations begin, in a frozen container where `frozen` says so. */
  readonly before: readonly Fault[]
  readonly frozen: boolean
  /** Whether a frozen container's invocation is in place already when the faults come: it wakes up to both. */
  readonly waits: boolean
  /** Milliseconds after a thaw until the container hears what the server said meanwhile. */
  readonly lateBy: number
  readonly during: readonly TimedFault[]
  readonly invocations: readonly Invocation[]
}

export interface TimedFault {
  /** Milliseconds after the start of the invocations; 0 is before it. */
  readonly at: number
  readonly fault: Fault
}

/** Times in milliseconds. Those with `lasts` are over after that. */
export type Fault =
  | { readonly kind: 'kill connections' | 'kill one connection' | 'kill a statement' }
  | { readonly kind: 'restart the server' | 'kill -9 the server' }
  | { readonly kind: 'reset connections' | 'close connections' }
  | {
      readonly kind: 'cut in the middle'
      readonly bytes: number
      readonly way: 'toServer' | 'toClient'
      readonly how: 'RST' | 'FIN'
    }
  | {
      readonly kind: 'server read-only' | 'blackhole' | 'refuse connections' | 'too many connections'
      readonly lasts: number
    }
  | { readonly kind: 'slow network'; readonly lasts: number; readonly delay: number }
  | { readonly kind: 'narrow network'; readonly lasts: number; readonly bandwidth: number }
  | { readonly kind: 'stopped process'; readonly lasts: number }
  /** The server carries out the next COMMIT, and nobody hears of it. */
  | { readonly kind: 'answer to COMMIT lost'; readonly how: 'RST' | 'FIN' }
  | { readonly kind: 'clock jump'; readonly by: number }
  /** What happened in a freeze, heard of after the thaw: a step's `lateBy`. */
  | { readonly kind: 'late news' }

export interface Invocation {
  readonly style: 'wrap' | 'middy'
  readonly timeout: number
  readonly program: readonly Op[]
}

export type Method = 'query' | 'execute'
/** What becomes of an operation's promise: awaited, awaited and its failure swallowed, or left alone. */
export type Care = 'await' | 'swallow' | 'leave'
/** What a session can be left with. */
export type Dirt = (typeof DIRT)[number]
export const DIRT = ['variable', 'temporary table', 'lock', 'database', 'autocommit', 'time zone'] as const

/** One row. `slow` milliseconds of it are spent on the server. */
export interface Write {
  readonly do: 'write'
  readonly id: string
  readonly by: Method
  readonly slow: number
}

export type TransactionStep =
  | Write
  | { readonly do: 'pause'; readonly ms: number }
  | {
      readonly do: 'nest'
      readonly id: string
      readonly throws: boolean
      readonly steps: readonly TransactionStep[]
    }
  | { readonly do: 'side by side'; readonly steps: readonly Write[] }
  /** Through the pool, while the transaction is open: no part of it. */
  | { readonly do: 'beside'; readonly steps: readonly [Write] }

export type ConnectionStep =
  | Write
  | { readonly do: 'dirt'; readonly id: string; readonly kind: Dirt }
  | { readonly do: 'begin'; readonly id: string }
  | { readonly do: 'commit'; readonly id: string }

/** `id` is empty until the script is played; see numbered(). */
export type Op =
  | (Write & { readonly care: Care })
  | { readonly do: 'read'; readonly id: string; readonly by: Method; readonly care: Care }
  | {
      readonly do: 'transaction'
      readonly id: string
      readonly steps: readonly TransactionStep[]
      readonly throws: boolean
      readonly care: Care
    }
  | { readonly do: 'parallel'; readonly branches: readonly Op[][] }
  | {
      readonly do: 'stream'
      readonly id: string
      readonly take: number
      readonly after: 'drain' | 'destroy' | 'leave'
    }
  | {
      readonly do: 'connection'
      readonly id: string
      readonly steps: readonly ConnectionStep[]
      /** Whether it is given back, left to nobody, or kept for a later invocation. */
      readonly after: 'release' | 'leak' | 'store'
    }
  /** Of a connection, or a transaction's handle, that an earlier invocation has kept. */
  | { readonly do: 'use what was stored'; readonly steps: readonly [Write] }
  /** Nobody waits for it: it writes after so many milliseconds, whether or not the invocation has ended. */
  | { readonly do: 'later'; readonly ms: number; readonly steps: readonly [Write] }
  | { readonly do: 'pause'; readonly ms: number }
  /** Until so many milliseconds past the deadline; what follows in the program comes too late. */
  | { readonly do: 'outlive'; readonly by: number }
  | { readonly do: 'throw' }
  | { readonly do: 'never return' }
