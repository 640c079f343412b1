/**
 * The answer, or `late` when it has not come in time. Whatever comes after that is for nobody.
 *
 * @param limit milliseconds
 */
export async function inTime<T, L>(answer: Promise<T>, limit: number, late: L): Promise<T | L> {
  const { promise, resolve } = Promise.withResolvers<L>()
  const timer = setTimeout(() => resolve(late), limit)
  try {
    return await Promise.race([answer, promise])
  } finally {
    clearTimeout(timer)
  }
}
