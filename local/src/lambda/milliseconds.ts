const MAX_TIMER = 2 ** 31 - 1

/** @throws unless the value is a time a timer can take. */
export function positiveMs(name: string, value: number): number {
  if (value > 0 && value <= MAX_TIMER) return value
  throw new Error(`${name} is ${value}, but must be milliseconds above 0 and at most ${MAX_TIMER}.`)
}
