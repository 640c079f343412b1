/** Where in the user's program something was asked for. The text is made when it is read. */
export interface Place {
  readonly stack?: string
}

/** Of a stack. Each costs, and the nearest few tell. */
const FRAMES = 8

/** A function of ours that the user calls. */
export type Caller = (...args: never[]) => unknown

/** Whoever called `hide`. About 2 µs, so not for single statements. */
export function placeOf(hide: Caller): Place {
  const place: Place = {}
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES
  Error.captureStackTrace(place, hide)
  Error.stackTraceLimit = before
  return place
}

/** Its frames, one a line. */
export function framesOf(place: Place): string {
  return (place.stack ?? '').split('\n').slice(1).join('\n')
}

/** Its nearest frame, which is the user's own. */
export function nearest(place: Place): string {
  return place.stack?.split('\n')[1]?.trim() ?? 'somewhere'
}
