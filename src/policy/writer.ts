import { CLEAN, type Effect, TRANSACTION } from './effect.ts'

/** For how long after a sign of a failover the server of a new connection is asked what it is, milliseconds. Aurora takes about as long. */
const DOUBTFUL_FOR = 30_000

/** For how long read-only servers are refused then, milliseconds: an Aurora cluster's name has a time to live of 5 s, and the change takes its time. */
export const SEARCHING_FOR = 15_000

/** MariaDB and MySQL know both variables. Aurora's readers have the second one on. */
export const WHAT_IT_IS = 'SELECT @@global.read_only AS server, @@global.innodb_read_only AS engine'

/** What a pool knows of the server that it writes to. Times by the clock, milliseconds. */
export interface Knowledge {
  /** Whether a write of it has ever succeeded: a pool on a reader's name finds nothing wrong with read-only servers. */
  readonly wrote: boolean
  /** When it last lost a connection, or was told that the server is read-only. */
  readonly doubtedAt: number
}

/** Whether a new connection may have led to the old writer, which lets everybody in. */
export function inDoubt({ wrote, doubtedAt }: Knowledge, now: number): boolean {
  return wrote && now - doubtedAt < DOUBTFUL_FOR
}

/** Newer servers answer with a word where older ones have a number. */
const OFF = new Set(['0', 'OFF', 'FALSE', 'NULL', 'UNDEFINED'])

/** @param row the answer to {@link WHAT_IT_IS}, as an object or as an array */
export function readOnly(row: unknown): boolean {
  return Object.values(Object(row)).some((value) => !OFF.has(String(value).toUpperCase()))
}

/** Each way begins otherwise and ends in one place only: else what does not match takes for ever. */
const COMMENTS = String.raw`(?:\s|/\*(?:[^*]|\*(?!/))*\*/|(?:--|#).*\n)*`
const WRITING = new RegExp(`^${COMMENTS}(?:INSERT|UPDATE|DELETE|REPLACE)\\b`, 'i')

/**
 * Whether a statement whose answer counts changed rows has proved that the server takes writes. A reader takes those to temporary
 * tables, too, so nothing is proved where there may be one.
 */
export function provesWriter(sql: string, effect: Effect): boolean {
  return (effect & ~TRANSACTION) === CLEAN && WRITING.test(sql)
}
