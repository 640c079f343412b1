/** How much later than asked a timer may fire and still be believed, in milliseconds. A step of the wall clock is longer, too. */
export const LATE = 100

const { nodeTiming } = performance

/** By how much the wall clock was ahead of the monotonic one when last looked at, and by how much what we go by is. */
let seen = Date.now() - performance.now()
let ahead = seen

/** What everything is judged by. A test replaces these to let time pass. */
export const clock = {
  /**
   * Milliseconds, about those of the wall clock: a freeze counts. It moves with the monotonic clock, which may stand still in a
   * freeze, and by as much further as the wall clock steps ahead of that. It never goes back, as the wall clock can.
   */
  now: (): number => {
    const monotonic = performance.now()
    const offset = Date.now() - monotonic
    if (offset - seen > LATE) ahead += offset - seen
    seen = offset
    return monotonic + ahead
  },
  /** The turn of the event loop that is under way, by the loop's own count: the number of the poll it comes from. */
  turn: (): number => nodeTiming.uvMetricsInfo.loopCount,
}

/**
 * Waits for one whole turn of the event loop, so that a FIN or RST which the kernel already has reaches its socket. The first
 * step can fall into the turn that is under way, whose poll is over; the second cannot.
 */
export function turn(then: () => void): void {
  setImmediate(() => setImmediate(then))
}

/** A running timer; `clear()` costs nothing when it has fired. */
export interface Alarm {
  clear(): void
}

const NO_ALARM: Alarm = { clear: () => {} }
/** What setTimeout can hold, milliseconds; later than that is never. */
export const LONGEST = 2 ** 31 - 1

/**
 * Calls `ring` at `when` (by the clock). After a thaw timers run before I/O, so one that fires late first lets a turn of the
 * loop pass: what it waited for may already be there.
 *
 * @param ring is told how late it is, milliseconds
 */
export function alarmAt(when: number, ring: (late: number) => void): Alarm {
  if (when === Number.POSITIVE_INFINITY) return NO_ALARM
  const delay = when - clock.now()
  if (delay > LONGEST) return NO_ALARM
  let cleared = false
  const timer = setTimeout(
    () => {
      const late = clock.now() - when
      if (late <= LATE) ring(late)
      else turn(() => cleared || ring(late))
    },
    Math.max(0, Math.ceil(delay)),
  )
  return {
    clear: () => {
      cleared = true
      clearTimeout(timer)
    },
  }
}

/** Whether `awaited` settles by `until` (by the clock). */
export function within(until: number, awaited: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const alarm = alarmAt(until, () => resolve(false))
    const settled = () => {
      alarm.clear()
      resolve(true)
    }
    awaited.then(settled, settled)
  })
}
