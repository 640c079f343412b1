import { clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Claim } from './claim.ts'
import type { Holder } from './slot.ts'

/** How things stand for a claim that waits in vain, as the end of a sentence. */
export function situation(claim: Claim, holders: readonly Holder[], limit: number): string {
  const held = holders.map((holder) => holder.describe()).join(', ')
  if (holders.length < limit)
    return `${limit - holders.length} of ${limit} still connecting${held && `, the others held by ${held}`}`
  const ours = holders.every((holder) => holder.owner === claim.owner)
  return ours ? `all ${limit} are held by this invocation: ${held}` : `all ${limit} are held by ${held}`
}

export function acquireTimeout(claim: Claim, holders: readonly Holder[], limit: number): WarmpoolError {
  const waited = Math.round(clock.now() - claim.since)
  return new WarmpoolError(
    'ACQUIRE_TIMEOUT',
    `${claim.describe()} waited ${waited} ms for a connection: ${situation(claim, holders, limit)}`,
    { retryable: true, outcome: 'not-sent' },
  )
}

export function queueFull(claim: Claim, waiting: number): WarmpoolError {
  return new WarmpoolError(
    'POOL_QUEUE_FULL',
    `${claim.describe()} was refused: ${waiting} callers are waiting for a connection already (queueLimit)`,
    { retryable: true, outcome: 'not-sent' },
  )
}

export function poolEnded(): WarmpoolError {
  return new WarmpoolError('POOL_ENDED', 'the pool has been ended: create a new one', { outcome: 'not-sent' })
}
