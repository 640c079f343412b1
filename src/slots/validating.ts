import { alarmAt, clock, LATE, turn } from '../clock.ts'
import type { Link } from '../link.ts'
import type { Slot } from './slot.ts'

/**
 * Finds out whether an idle connection still lives: by a turn of the event loop, which brings what the kernel knows, or by a
 * ping after it. One that does not answer in time is destroyed.
 *
 * @param patience milliseconds for the ping
 * @param judged called when `link.dead` can be relied on, and whether the server has answered just now
 */
export function validate(
  slot: Slot,
  by: 'probe' | 'ping',
  patience: number,
  judged: (answered: boolean) => void,
): void {
  const link = slot.link as Link
  turn(() => {
    if (by === 'probe' || link.dead) return judged(false)
    const asked = clock.now()
    const alarm = alarmAt(asked + patience, () => link.destroy())
    link.ping((error) => {
      alarm.clear()
      if (error) return judged(false)
      slot.proved(asked)
      // An answer from before a freeze proves nothing after it, and the end may be in the kernel right behind it.
      turn(() => judged(clock.now() - asked <= patience + LATE))
    })
  })
}
