/** A measured figure: the median of independent measurements, and between which of them the true median lies. */
export interface Figure {
  readonly median: number
  readonly low: number
  readonly high: number
  readonly unit: Unit
  /** At most this is promised. */
  readonly bar?: number
}

export type Unit = '×' | 'µs' | 'ms' | 'KB' | '%' | ''

/**
 * The interval is between order statistics: nothing is assumed of the distribution, and outliers carry no weight. It holds the
 * true median with at least 95 % confidence, for which six measurements are needed; with fewer it is simply all of them.
 */
export function figure(measurements: readonly number[], unit: Unit, bar?: number): Figure {
  const sorted = measurements.toSorted((a, b) => a - b)
  const cut = outsideInterval(sorted.length)
  return {
    median: median(sorted),
    low: sorted[cut] as number,
    high: sorted.at(-1 - cut) as number,
    unit,
    ...(bar !== undefined && { bar }),
  }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  return ((sorted[Math.ceil(middle) - 1] as number) + (sorted[Math.floor(middle)] as number)) / 2
}

export const keepsBar = ({ median: value, bar }: Figure): boolean => bar === undefined || value <= bar

/** How many values at each end are outside: as many as leave a chance of at most 2.5 % that the median is among them. */
function outsideInterval(count: number): number {
  let outside = 0
  let chance = 0.5 ** count
  for (let ways = count; chance + ways * 0.5 ** count <= 0.025; ways *= (count - outside) / (outside + 1)) {
    chance += ways * 0.5 ** count
    outside++
  }
  return outside
}
