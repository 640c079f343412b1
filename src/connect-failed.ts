import type { Login } from './credentials/login.ts'
import { WarmpoolError } from './errors.ts'
import { connectTrouble } from './policy/connect-trouble.ts'
import { connectRetryable, type Fault } from './policy/faults.ts'
import { placeOf, type Target } from './target/target.ts'

/**
 * What is told when there is no connection to be had.
 *
 * @param elapsed milliseconds since the first attempt
 */
export function connectFailed(
  target: Target,
  { user = '(no user)' }: Login,
  attempts: number,
  elapsed: number,
  cause: Error & Fault,
): WarmpoolError {
  const { sentence, words } = connectTrouble(cause)
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  const details = `${words ? `${words}; ` : ''}${tries}, ${Math.round(elapsed)} ms`
  return new WarmpoolError(
    'CONNECT_FAILED',
    `cannot connect to ${placeOf(target)} as ${user}: ${sentence} (${details})`,
    { cause, retryable: connectRetryable(cause), outcome: 'not-sent' },
  )
}
