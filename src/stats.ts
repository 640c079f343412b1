/** What a pool looks like at one moment. Counts of connections, but for `waiting` and `invocations`. */
export interface PoolStats {
  /** The bound. */
  readonly limit: number
  /** All that count against it: connecting, idle, in use, being cleaned, closing. */
  readonly total: number
  readonly connecting: number
  readonly idle: number
  readonly inUse: number
  readonly resetting: number
  readonly closing: number
  /** Callers waiting for a connection. */
  readonly waiting: number
  /** Opened since the pool was created. */
  readonly opened: number
}
