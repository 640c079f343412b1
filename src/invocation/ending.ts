import { alarmAt, clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Settings } from '../options.ts'
import type { Invocation } from './invocation.ts'
import type { Lease } from './lease.ts'

/** How long a statement that was sent before a normal end may still take, milliseconds. */
const SETTLE = 1000

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
  if (invocation.leases.size === 0 && invocation.cleaning.size === 0) {
    invocation.slots.trim()
    return undefined
  }
  const left = [...invocation.leases]
  return takeBack(invocation, left).then(() => {
    invocation.slots.trim()
    const leak = tellLeak(invocation, left, onLeak, events)
    if (leak && onLeak === 'throw') throw leak
  })
}

async function takeBack(invocation: Invocation, left: Lease[]): Promise<void> {
  const error = invocation.refusal()
  const settled = left.map((lease) => {
    lease.over ??= error
    if (!lease.slot) return invocation.drop(lease, error)
    return settle(invocation, lease, error)
  })
  await Promise.all(settled)
  await within(invocation.deadline, Promise.all(invocation.cleaning))
}

/** Lets the statement in flight come to its end, or stops it; starts none of those behind it. */
async function settle(invocation: Invocation, lease: Lease, error: WarmpoolError): Promise<void> {
  const { link } = lease
  link?.cutOff(error)
  const until = Math.min(invocation.deadline, clock.now() + SETTLE)
  if (link && !(await within(until, link.whenQuiet()))) return invocation.drop(lease, error)
  void invocation.give(lease)
}

/** Whether it came in time. */
function within(until: number, awaited: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const alarm = alarmAt(until, () => resolve(false))
    void awaited.finally(() => {
      alarm.clear()
      resolve(true)
    })
  })
}

function tellLeak(
  invocation: Invocation,
  left: Lease[],
  onLeak: Settings['onLeak'],
  events: Events,
): WarmpoolError | undefined {
  if (left.length === 0 || onLeak === 'ignore') return undefined
  const what = left.map((lease) => lease.describe()).join(', ')
  events.emit('leak', { requestId: invocation.id, what })
  const message = `left behind, and taken back: ${what}`
  events.tellOnce(`leak ${left.map((lease) => lease.what).join()}`, message)
  return new WarmpoolError('LEAK', message, { statusCode: 500 })
}
