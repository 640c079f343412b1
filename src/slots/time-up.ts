import { alarmAt, clock } from '../clock.ts'
import type { Claim } from './claim.ts'

/**
 * Calls `timeUp` when the claim has waited for as long as it may. If it slept for longer than that meanwhile, it has not
 * waited: it may do so once more.
 */
export function awaitTimeUp(claim: Claim, timeUp: () => void): void {
  const patience = claim.until - claim.since
  claim.alarm = alarmAt(claim.until, (late) => {
    if (late <= patience) return timeUp()
    claim.alarm = alarmAt(clock.now() + patience, timeUp)
  })
}
