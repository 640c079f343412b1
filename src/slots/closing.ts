import { alarmAt, clock } from '../clock.ts'
import type { Link } from '../link.ts'

/** How long a server may take to answer COM_QUIT, milliseconds. */
const PATIENCE = 200

/** Closes a link that is not busy in an orderly way: gone at its `closed`, here and in the server's process list. */
export function sayGoodbye(link: Link): void {
  link.quit()
  const alarm = alarmAt(clock.now() + PATIENCE, () => link.destroy())
  void link.closed.then(() => alarm.clear())
}
