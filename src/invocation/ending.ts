import { clock, within } from '../clock.ts'
import type { WarmpoolError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Settings } from '../options.ts'
import type { Invocation } from './invocation.ts'
import { tellLate, tellLeaks } from './leaks.ts'
import type { Lease } from './lease.ts'

/** How long a statement that was sent before a normal end may still take, milliseconds. */
const SETTLE = 1000
/** How long rows that nobody reads any more may still take to pass: stopping them costs the connection, milliseconds. */
const DRAIN = 50

/**
 * Ends an invocation: from now on nothing of it starts. What it left behind is taken back, rolled back or reset, within its
 * deadline. Nothing to wait for, which is the rule, gives `undefined`.
 *
 * @throws WarmpoolError `LEAK` (rejects), with `onLeak: 'throw'`
 */
export function endInvocation(
  invocation: Invocation,
  onLeak: Settings['onLeak'],
  events: Events,
): Promise<void> | undefined {
  invocation.alarm?.clear()
  invocation.phase = 'ended'
  invocation.tellLate = (lease) => tellLate(invocation, lease, events)
  const { leases, cleaning, halting } = invocation
  if (leases.size === 0 && cleaning.size === 0 && halting.size === 0) {
    invocation.slots.trim()
    return undefined
  }
  const left = [...leases]
  const forgotten = left.filter(({ stream }) => !stream?.destroyed)
  return takeBack(invocation, left).then(() => {
    invocation.slots.trim()
    const leak = tellLeaks(invocation, forgotten, events)
    if (leak && onLeak === 'throw') throw leak
  })
}

async function takeBack(invocation: Invocation, left: Lease[]): Promise<void> {
  const error = invocation.refusal()
  await Promise.all(left.map((lease) => settle(invocation, lease, error)))
  await Promise.all(invocation.halting)
  await within(invocation.deadline + invocation.stopTime, Promise.all(invocation.cleaning))
}

/** Lets the statement in flight come to its end, or has it stopped; starts none of those behind it. */
async function settle(invocation: Invocation, lease: Lease, error: WarmpoolError): Promise<void> {
  const { link } = lease
  if (!link) return invocation.drop(lease, error)
  link.cutOff(error)
  lease.finish(error)
  const until = Math.min(invocation.deadline, clock.now() + (lease.stream ? DRAIN : SETTLE))
  if (await within(until, link.whenQuiet())) void invocation.give(lease)
  else if (lease.stream?.begun)
    invocation.drop(lease, error) // its server stops at the next row
  else invocation.halt(lease, { code: 'INVOCATION_ENDED', why: `${invocation.label} has ended` })
}
