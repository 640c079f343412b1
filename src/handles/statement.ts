import type { FieldPacket } from 'mysql2'
import { type Done, type Sql, textOf } from '../driver.ts'
import type { Invocation } from '../invocation/invocation.ts'
import { Lease } from '../invocation/lease.ts'
import { errorOf } from '../invocation/reason.ts'
import type { Scope } from '../invocation/scope.ts'
import type { Link } from '../link.ts'
import { type Caller, placeOf } from '../place.ts'
import { pinOf } from '../policy/pinning.ts'
import { shownSql } from '../policy/shown-sql.ts'
import { besideTransaction } from './beside.ts'
import { boundsOfStatement, unbounded, watch } from './bounds.ts'

export type Method = 'query' | 'execute'
export type Result<T> = [T, FieldPacket[]]

/**
 * One statement on a connection of its own, which goes back as soon as the answer is there.
 *
 * @param caller the function of ours that the user called
 */
export function runAlone<T>(
  scope: Scope,
  invocation: Invocation,
  caller: Caller,
  method: Method,
  sql: Sql,
  values: unknown,
): Promise<Result<T>> {
  refuseCallback(values)
  const bounds = boundsOfStatement(sql)
  const text = bounds ? unbounded(sql) : sql
  return new Promise((resolve, reject) => {
    const use = (link: Link) =>
      link[method](
        text,
        values,
        noting(lease, (error, rows, fields) => {
          unwatch?.()
          void invocation.give(lease)
          if (error) reject(error)
          else resolve([rows as T, fields as FieldPacket[]])
        }),
      )
    const failed = (error: Error) => {
      unwatch?.()
      reject(error)
    }
    const lease = new Lease(invocation, textOf(sql), use, failed)
    lease.called = caller
    const unwatch = bounds && watch(bounds, (reason) => invocation.halt(lease, reason))
    if (scope.transaction) besideTransaction(scope, lease, caller)
    invocation.take(lease)
    // Through RDS Proxy that is told by its place, which is off the stack by then.
    if (lease.pending && invocation.slots.opener.proxied && pinOf(lease.what)) lease.called = placeOf(caller)
  })
}

/** Sends a statement in its turn on a connection that is held for longer. One that is stopped costs the connection. */
export function runOn(link: Link, lease: Lease, method: Method, sql: Sql, values: unknown, done: Done): void {
  const bounds = boundsOfStatement(sql)
  if (!bounds) return link[method](sql, values, noting(lease, done))
  const answered = noting(lease, (error, rows, fields) => {
    unwatch()
    done(error, rows, fields)
  })
  const unwatch = watch(bounds, (reason) => {
    const waited = errorOf(reason, `${shownSql(textOf(sql))} had waited for others on its connection`)
    if (!link.withdraw(answered, waited)) lease.owner.halt(lease, reason)
  })
  link[method](unbounded(sql), values, answered)
}

/** Has the invocation draw its conclusions from an error. */
export function noting(lease: Lease, done: Done): Done {
  return (error, rows, fields) => {
    if (error) lease.owner.note(error, lease)
    done(error, rows, fields)
  }
}

/** mysql2's promise API throws here too: a callback would never be called. */
export function refuseCallback(values: unknown): void {
  if (typeof values === 'function')
    throw new TypeError('Callback function is not available with promise clients.')
}
