/** What a pool looks like at one moment. Counts of connections, but for `waiting` and `invocations`. */
export interface PoolStats {
  /** The bound: in worker threads of Lambda's runtime, this thread's part of it. */
  readonly limit: number
  /** The bound of the whole container: that of all its worker threads together, else the same as `limit`. */
  readonly containerLimit: number
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
  /** Beside the bound: 1 while a control connection stops a statement on the server. */
  readonly control: number
  /** Closed since the start while a statement ran that the server was not seen to stop: their sessions may last a while. */
  readonly orphaned: number
  /** Connections and statements that invocations have left behind since the start. */
  readonly leaks: number
}
