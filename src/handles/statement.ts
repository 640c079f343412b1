import type { FieldPacket, QueryOptions } from 'mysql2'
import { alarmAt, clock } from '../clock.ts'
import type { Done, Sql } from '../driver.ts'
import { WarmpoolError } from '../errors.ts'
import type { Invocation } from '../invocation/invocation.ts'
import { Lease } from '../invocation/lease.ts'
import type { Link } from '../link.ts'

export type Method = 'query' | 'execute'
export type Result<T> = [T, FieldPacket[]]

/** One statement on a connection of its own, which goes back as soon as the answer is there. */
export function runAlone<T>(
  invocation: Invocation,
  method: Method,
  sql: Sql,
  values: unknown,
): Promise<Result<T>> {
  refuseCallback(values)
  return new Promise((resolve, reject) => {
    const use = (link: Link) =>
      send(link, lease, method, sql, values, (error, rows, fields) => {
        void invocation.give(lease)
        if (error) reject(error)
        else resolve([rows as T, fields as FieldPacket[]])
      })
    const lease = new Lease(invocation, textOf(sql), use, reject)
    invocation.take(lease)
  })
}

/** Sends a statement on a leased link. `timeout` is ours: mysql2's leaves the statement running for the next user to wait on. */
export function send(link: Link, lease: Lease, method: Method, sql: Sql, values: unknown, done: Done): void {
  const timeout = typeof sql === 'string' ? undefined : sql.timeout
  if (!timeout) return link[method](sql, values, noting(lease, done))
  const { timeout: _, ...options } = sql as QueryOptions
  const alarm = alarmAt(clock.now() + timeout, () => lease.owner.drop(lease, timedOut(lease, timeout)))
  const answered: Done = (error, rows, fields) => {
    alarm.clear()
    done(error, rows, fields)
  }
  link[method](options, values, noting(lease, answered))
}

export function textOf(sql: Sql): string {
  return String(typeof sql === 'string' ? sql : sql.sql)
}

/** mysql2's promise API throws here too: a callback would never be called. */
export function refuseCallback(values: unknown): void {
  if (typeof values === 'function')
    throw new TypeError('Callback function is not available with promise clients.')
}

function noting(lease: Lease, done: Done): Done {
  return (error, rows, fields) => {
    if (error) lease.owner.note(error, lease)
    done(error, rows, fields)
  }
}

function timedOut(lease: Lease, timeout: number): WarmpoolError {
  return new WarmpoolError(
    'DEADLINE_EXCEEDED',
    `${lease.describe()} was stopped after its timeout of ${timeout} ms`,
    {
      statusCode: 504,
    },
  )
}
