import { WarmpoolError } from '../../src/errors.ts'

/** The refusal of an option: its code and the form of its message are always the same. */
export function refusalOf(ask: () => unknown): WarmpoolError {
  try {
    ask()
  } catch (error) {
    if (!(error instanceof WarmpoolError) || error.code !== 'INVALID_OPTION') throw error
    if (!/^.+: received .+; accepted: .+$/s.test(error.message))
      throw new Error(`not the form of a refusal: ${error.message}`)
    return error
  }
  throw new Error('not refused')
}
