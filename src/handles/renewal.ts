import { clock } from '../clock.ts'
import { type Sql, textOf } from '../driver.ts'
import { withOutcome } from '../errors.ts'
import type { Lease } from '../invocation/lease.ts'
import { errorOf, type Reason } from '../invocation/reason.ts'
import { shownSql } from '../policy/shown-sql.ts'
import { boundsOfStatement, type StatementOptions, watch } from './bounds.ts'

/**
 * Waits for another connection in place of one that died before anything was asked of it, if it has, but no longer than the
 * statement may take. Others that wait for it go on waiting.
 *
 * @returns the statement, with the time that it has left
 */
export async function renewed(lease: Lease, sql: Sql): Promise<Sql> {
  const bounds = boundsOfStatement(sql)
  const asked = clock.now()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const incident = `${shownSql(textOf(sql))} had waited for a connection in place of a dead one`
  const giveUp = (reason: Reason) => reject(withOutcome(errorOf(reason, incident), 'not-sent'))
  const unwatch = bounds ? watch(bounds, giveUp) : () => {}
  lease.renew().then(resolve, reject)
  await promise.finally(unwatch)
  return bounds?.timeout ? shortened(sql as StatementOptions, clock.now() - asked) : sql
}

function shortened(sql: StatementOptions, spent: number): StatementOptions {
  return { ...sql, timeout: Math.max(1, Math.round((sql.timeout as number) - spent)) }
}
