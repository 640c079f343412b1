import { createPool, type PoolOptions, type WarmpoolError } from '../../src/index.ts'

/** A way to fail. */
export interface ConnectFailure {
  /** What is told. */
  readonly sentence: RegExp
  readonly cause: object
  readonly options: () => PoolOptions | Promise<PoolOptions>
}

let pools = 0

/** How a pool of its own fails, trying for half a second: a busy machine needs a while for one try. */
export async function failureOf(options: PoolOptions, connectTimeout = 500): Promise<WarmpoolError> {
  const pool = createPool({ name: `failing ${++pools}`, connectTimeout, ...options })
  try {
    await pool.query('SELECT 1')
  } catch (error) {
    return error as WarmpoolError
  } finally {
    await pool.end({ timeout: 100 })
  }
  throw new Error('It has connected.')
}
