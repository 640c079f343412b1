import { clock } from '../clock.ts'
import type { WarmpoolError } from '../errors.ts'
import { shownSql } from '../policy/shown-sql.ts'
import type { Lease } from './lease.ts'
import { errorOf, type Reason } from './reason.ts'

/** What a lease was doing, as the rest of the sentence. @param situation how things stand for one that waits */
export function incidentOf(lease: Lease, situation: (lease: Lease) => string): string {
  if (!lease.slot)
    return `${lease.describe()} had waited ${elapsed(lease.since)} for a connection, ${situation(lease)}`
  const { link } = lease
  if (!link?.running) return `${lease.describe()} was held, and nothing ran on it`
  const { what, since } = link.running
  const inside = what === lease.what ? lease.describe() : `${shownSql(what)} in ${lease.describe()}`
  return `${inside} had been running for ${elapsed(since)} on connection ${link.threadId}`
}

/** For whoever runs something that was told to stop. @param word the server's own, that it was stopped and undone */
export function stoppedError(reason: Reason, incident: string, word: Error | undefined): WarmpoolError {
  const how = word
    ? 'the server has stopped it, and undone what it did to transactional tables'
    : 'whether it took effect is unknown'
  return errorOf({ ...reason, cause: reason.cause ?? word }, `${incident}; ${how}`)
}

function elapsed(since: number): string {
  return `${Math.round(clock.now() - since)} ms`
}
