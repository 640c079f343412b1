import { alarmAt, clock } from '../clock.ts'
import type { Link } from '../link.ts'
import { poolEnded } from './refusals.ts'
import type { Slot } from './slot.ts'

/** How long a server may take to answer COM_QUIT, milliseconds. */
const PATIENCE = 200

/** Closes a link that is not busy in an orderly way: gone at its `closed`, here and in the server's process list. */
export function sayGoodbye(link: Link): void {
  link.quit()
  const alarm = alarmAt(clock.now() + PATIENCE, () => link.destroy())
  void link.closed.then(() => alarm.clear())
}

/**
 * Closes it, whatever it is there for, but not what is being stopped on the server, nor what that is done with: those close
 * themselves, soon.
 *
 * @param stopper who has the latter
 */
export function closeNow(slot: Slot, stopper: object): void {
  slot.abort.abort()
  if (slot.holder?.owner !== stopper && !slot.link?.stopping) slot.link?.destroy(poolEnded())
}
