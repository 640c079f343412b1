import { alarmAt, clock, turn } from '../clock.ts'
import type { Link } from '../link.ts'

/**
 * Finds out whether an idle link still lives: by a turn of the event loop, which brings what the kernel knows, or by a ping
 * after it. One that does not answer in time is destroyed.
 *
 * @param patience milliseconds for the ping
 * @param judged called when `link.dead` can be relied on
 */
export function validate(link: Link, by: 'probe' | 'ping', patience: number, judged: () => void): void {
  turn(() => {
    if (by === 'probe' || link.dead) return judged()
    const alarm = alarmAt(clock.now() + patience, () => link.destroy())
    link.ping(() => {
      alarm.clear()
      judged()
    })
  })
}
