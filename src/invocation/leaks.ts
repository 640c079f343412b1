import { WarmpoolError } from '../errors.ts'
import type { Events } from '../events.ts'
import { framesOf, nearest } from '../place.ts'
import { shownSql } from '../policy/shown-sql.ts'
import type { Invocation } from './invocation.ts'
import type { Lease } from './lease.ts'

/** Tells what an invocation left behind, once for each place. @returns an error that says it, where there is something to say */
export function tellLeaks(invocation: Invocation, left: Lease[], events: Events): WarmpoolError | undefined {
  events.leaks += left.length
  if (left.length === 0 || !invocation.tellsLeaks || invocation.cutShort) return undefined
  for (const lease of left) tellLeak(invocation, lease, events)
  const message = `left behind by ${invocation.label}, and taken back: ${left.map(whatOf).join(', ')}`
  return new WarmpoolError('LEAK', message, { statusCode: 500 })
}

/** Tells what was asked for when the invocation had ended already. It was refused. */
export function tellLate(invocation: Invocation, lease: Lease, events: Events): void {
  events.leaks++
  if (invocation.tellsLeaks)
    tellLeak(invocation, lease, events, `asked for after ${invocation.label} had ended, and refused`)
}

function tellLeak(
  invocation: Invocation,
  lease: Lease,
  events: Events,
  how = `left behind by ${invocation.label}, and taken back`,
): void {
  const what = whatOf(lease)
  const stack = lease.from && framesOf(lease.from)
  const where = stack ? `\n${stack}` : ''
  const place = lease.from ? nearest(lease.from) : ''
  if (!events.tellOnce(`leak ${what} ${place}`, `${how}: ${what}${where}`)) return
  events.emit('leak', { requestId: invocation.id, what, stack })
}

function whatOf(lease: Lease): string {
  return shownSql(lease.what)
}
