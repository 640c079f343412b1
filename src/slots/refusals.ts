import { clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Claim } from './claim.ts'
import type { States } from './states.ts'

/**
 * How things stand for a claim that waits in vain, as the end of a sentence.
 *
 * @param ahead how many would be served before it
 */
export function situation(claim: Claim, ahead: number, states: States, limit: number): string {
  const others = ahead === 0 ? 'no other' : ahead === 1 ? '1 other' : `${ahead} others`
  const hint = claim.besideTransaction ? HINT : ''
  return `behind ${others}: ${standing(claim, states, limit)}${hint}`
}

const HINT =
  '; it was asked for inside a transaction() callback, which has a connection of its own: use its tx, or raise connectionLimit'

function standing(claim: Claim, { holders, counts, connecting }: States, limit: number): string {
  const held = holders.map((holder) => holder.describe()).join(', ')
  const all = limit === 1 ? 'the only one is' : `all ${limit} are`
  if (holders.length === limit && holders.every((holder) => holder.owner === claim.owner))
    return `${all} held by this invocation: ${held}`
  if (holders.length === limit) return `${all} held by ${held}`
  const parts: [number, string][] = [
    [counts.inUse - holders.length, 'being validated'],
    [counts.resetting, 'being cleaned'],
    [counts.closing, 'closing'],
    [holders.length, `held by ${held}`],
  ]
  const some = parts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`)
  return `of ${limit}, ${[...connecting, ...some].join(', ')}`
}

export function acquireTimeout(claim: Claim, situation: string): WarmpoolError {
  const waited = Math.round(clock.now() - claim.since)
  return new WarmpoolError(
    'ACQUIRE_TIMEOUT',
    `${claim.describe()} waited ${waited} ms for a connection, ${situation}`,
    { retryable: true, outcome: 'not-sent' },
  )
}

export function queueFull(claim: Claim, waiting: number): WarmpoolError {
  return new WarmpoolError(
    'POOL_QUEUE_FULL',
    `${claim.describe()} was refused: ${waiting === 1 ? '1 caller is' : `${waiting} callers are`} waiting for a connection already (queueLimit)`,
    { retryable: true, outcome: 'not-sent' },
  )
}

export function poolEnded(): WarmpoolError {
  return new WarmpoolError('POOL_ENDED', 'the pool has been ended: create a new one', { outcome: 'not-sent' })
}

export function endInTransaction(): WarmpoolError {
  return new WarmpoolError(
    'END_IN_TRANSACTION',
    'end() inside a transaction of the same pool would wait for itself: call it after the transaction',
    { statusCode: 500 },
  )
}
