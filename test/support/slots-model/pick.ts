/** One of them: whichever number is asked for, as long as there are any. */
export function pick<T>(from: Iterable<T>, which: number): T | undefined {
  const all = [...from]
  return all[which % all.length]
}
