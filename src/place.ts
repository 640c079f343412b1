/** Where in the user's program something was asked for. The text is made when it is read. */
export interface Place {
  readonly stack?: string
}

/** Of a stack. Each costs, and the nearest few tell. */
const FRAMES = 8

/** A function of ours that the user calls. */
export type Caller = (...args: never[]) => unknown

/** Where it was called that what runs now began, where that is not for {@link placeOf} to find. */
let began: Caller | Place | undefined

/** What `run` asks for, in the same turn, was asked for at `by`, or by whoever called that: it stands between him and us. */
export function askedBy<T>(by: Caller | Place, run: () => T): T {
  const before = began
  began = by
  try {
    return run()
  } finally {
    began = before
  }
}

/** Whoever called `hide`. About 2 µs, so not for single statements. */
export function placeOf(hide: Caller): Place {
  if (typeof began === 'object') return began
  const place: Place = {}
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = FRAMES
  Error.captureStackTrace(place, began ?? hide)
  Error.stackTraceLimit = before
  return place
}

/** Its frames, one a line. */
export function framesOf(place: Place): string {
  return (place.stack ?? '').split('\n').slice(1).join('\n')
}

/** What is said of a place that is not known. */
export const NOWHERE = 'somewhere'

/** Its nearest frame, which is the user's own. */
export function nearest(place: Place): string {
  return place.stack?.split('\n')[1]?.trim() ?? NOWHERE
}
