import { WarmpoolError } from '../errors.ts'
import { withCaller } from './stack.ts'

/**
 * The promise of a call, whose errors tell the caller. What the invocation's end refuses has been told as a leak: a call that
 * nobody awaited must not take the container down as an unhandled rejection besides.
 */
export function answer<T>(work: () => Promise<T>): Promise<T> {
  const given = run()
  return given

  async function run(): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof WarmpoolError && error.code === 'INVOCATION_ENDED') given.catch(() => {})
      throw withCaller(error)
    }
  }
}
