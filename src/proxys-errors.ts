import { withOutcome } from './errors.ts'
import { type Fault, notBorrowed } from './policy/faults.ts'

/** Of RDS Proxy's own: no statement of that session has got to a server, and what is in the way is not on this connection. */
const NOT_BORROWED =
  'RDS Proxy had no database connection free in time: nothing was sent to a server; look at what pins sessions or holds transactions open, at MaxConnectionsPercent, and at whether the database runs'

/** Adds to an error that RDS Proxy itself has answered with what it means, and that the statement was not sent. */
export function explainProxys(error: Error): void {
  if (!notBorrowed(error as Fault) || 'outcome' in error) return
  error.message = `${error.message} (${NOT_BORROWED})`
  withOutcome(error, 'not-sent')
}
