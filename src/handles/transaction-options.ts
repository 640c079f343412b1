import { invalidOption } from '../errors.ts'
import { ISOLATIONS, type Isolation, type Kind } from '../link.ts'
import { integer, kindOf, knownKeys, milliseconds, oneOf, plainObject } from '../options/check.ts'
import { type Bounds, boundsOf } from './bounds.ts'

/** Options of `transaction(work, options)`. */
export interface TransactionOptions extends Kind, Bounds {
  /** `'read uncommitted'`, `'read committed'`, `'repeatable read'` or `'serializable'`. Default: the session's. */
  readonly isolation?: Isolation | undefined
  /** The server refuses writes. Default false. */
  readonly readOnly?: boolean | undefined
  /** How often the whole callback is run again after a deadlock, a lock wait timeout or RDS Proxy's 9501, 0 to 100. Default 0. */
  readonly retries?: number | undefined
  /** Milliseconds that all of it may take, waiting and retries included. Default: the invocation's deadline. */
  readonly timeout?: number | undefined
  /** Stops all of it when it aborts. */
  readonly signal?: AbortSignal | undefined
}

/** @throws WarmpoolError `INVALID_OPTION`, `ABORTED` */
export function readTransactionOptions(work: unknown, options: TransactionOptions): Bounds | undefined {
  refuseNoWork('transaction', work)
  const given = plainObject(options, 'transaction options')
  knownKeys(given, ['isolation', 'readOnly', 'retries', 'timeout', 'signal'], 'transaction.')
  if (given.isolation !== undefined) oneOf(...ISOLATIONS)(given.isolation, 'transaction.isolation')
  if (given.readOnly !== undefined) oneOf(true, false)(given.readOnly, 'transaction.readOnly')
  if (given.retries !== undefined) integer(0, 100)(given.retries, 'transaction.retries')
  if (given.timeout !== undefined) milliseconds(1)(given.timeout, 'timeout')
  return boundsOf(options)
}

export function refuseNoWork(method: string, work: unknown): void {
  if (typeof work !== 'function') throw invalidOption(`${method}(work)`, kindOf(work), 'an async function')
}

/** What is nested is part of the transaction around it, and cannot be of another kind. */
export function refuseOtherKind(nested: Kind, around: Kind): void {
  if (nested.isolation !== undefined && nested.isolation !== around.isolation)
    throw invalidOption(
      'transaction.isolation',
      `'${nested.isolation}' of a nested one`,
      "the outermost's, or none",
    )
  if (nested.readOnly && !around.readOnly)
    throw invalidOption('transaction.readOnly', 'true of a nested one', "the outermost's, or none")
}
