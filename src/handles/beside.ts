import type { Lease } from '../invocation/lease.ts'
import type { Scope } from '../invocation/scope.ts'
import { placeOf } from '../place.ts'
import { shownSql } from '../policy/shown-sql.ts'

/** Notes and tells that it is asked for inside a transaction's callback, but not as part of the transaction. */
export function besideTransaction(scope: Scope, lease: Lease): void {
  lease.besideTransaction = true
  lease.from ??= placeOf(besideTransaction)
  scope.tellBeside(shownSql(lease.what), lease.from) // without its invocation: once for all of them
}
