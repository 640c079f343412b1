/** How much later than asked a timer may fire and still be believed, in milliseconds. */
const LATE = 100

const { nodeTiming } = performance

/** What everything is judged by. A test replaces these to let time pass. */
export const clock = {
  /** Milliseconds of wall clock: a freeze counts. */
  now: (): number => Date.now(),
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
/** What setTimeout can hold; later than that is never. */
const LONGEST = 2 ** 31 - 1

/**
 * Calls `ring` at `when` (milliseconds of wall clock). After a thaw timers run before I/O, so one that fires late first lets
 * a turn of the loop pass: what it waited for may already be there.
 */
export function alarmAt(when: number, ring: () => void): Alarm {
  const delay = when - clock.now()
  if (delay > LONGEST) return NO_ALARM
  let cleared = false
  const timer = setTimeout(
    () => {
      if (clock.now() - when <= LATE) ring()
      else turn(() => cleared || ring())
    },
    Math.max(0, delay),
  )
  return {
    clear: () => {
      cleared = true
      clearTimeout(timer)
    },
  }
}

/** Whether `awaited` settles by `until` (milliseconds of wall clock). */
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
