import { EventEmitter } from 'node:events'
import type { ConnectionOptions } from 'mysql2'
import type { PreparedStatementInfo } from 'mysql2/promise'
import { escapeId, escapeValue, formatSql } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import type { PoolEvents } from './events.ts'

/**
 * The members of mysql2's `Pool` type that need no pool: escaping, and those that are of one connection and here say so.
 * docs/mysql2-pool.md lists them.
 */
export abstract class PoolMembers extends EventEmitter<PoolEvents> {
  abstract get config(): ConnectionOptions

  escape(value: unknown): string {
    const { stringifyObjects = false, timezone = 'local' } = this.config
    return escapeValue(value as never, stringifyObjects, timezone)
  }

  escapeId(value: string | string[]): string {
    return escapeId(value as string)
  }

  format(sql: string, values?: unknown): string {
    const { stringifyObjects = false, timezone = 'local' } = this.config
    return formatSql(sql, values as never, stringifyObjects, timezone)
  }

  /** A pool is not one connection: it has no thread. */
  get threadId(): number {
    return 0
  }

  async beginTransaction(): Promise<void> {
    throw notOnAPool('beginTransaction', 'transaction(fn)')
  }

  async commit(): Promise<void> {
    throw notOnAPool('commit', 'transaction(fn)')
  }

  async rollback(): Promise<void> {
    throw notOnAPool('rollback', 'transaction(fn)')
  }

  async reset(): Promise<void> {
    throw notOnAPool('reset', 'getConnection(), or nothing: the pool cleans what it lends')
  }

  async changeUser(): Promise<void> {
    throw notOnAPool('changeUser', 'another pool for another user')
  }

  async prepare(): Promise<PreparedStatementInfo> {
    throw notOnAPool('prepare', 'execute(), which prepares once for each connection')
  }

  unprepare(): void {
    throw notOnAPool('unprepare', 'getConnection()')
  }

  destroy(): void {
    throw notOnAPool('destroy', 'end()')
  }

  pause(): void {
    throw notOnAPool('pause', 'stream()')
  }

  resume(): void {
    throw notOnAPool('resume', 'stream()')
  }
}

function notOnAPool(member: string, instead: string): WarmpoolError {
  return new WarmpoolError(
    'NOT_ON_A_POOL',
    `${member}() is of one connection, not of a pool: use ${instead}`,
    {
      statusCode: 500,
    },
  )
}
