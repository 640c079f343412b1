import type { Lease } from '../invocation/lease.ts'
import type { Scope } from '../invocation/scope.ts'
import { type Caller, placeOf } from '../place.ts'
import { shownSql } from '../policy/shown-sql.ts'

/**
 * Notes and tells that it is asked for inside a transaction's callback, but not as part of the transaction.
 *
 * @param caller the function of ours that the user called
 */
export function besideTransaction(scope: Scope, lease: Lease, caller: Caller): void {
  lease.besideTransaction = true
  lease.from ??= placeOf(caller)
  scope.tellBeside(shownSql(lease.what), lease.from) // without its invocation: once for all of them
}
