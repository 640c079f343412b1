import type { Sql } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import { NO_BACKSLASH_ESCAPES } from './policy/execute-text.ts'
import { type Fault, notBorrowed, rollsBack } from './policy/faults.ts'
import {
  BEYOND_RESET,
  CLEAN,
  type Effect,
  effectOfCall,
  IN_TRANSACTION,
  TRANSACTION,
} from './policy/session.ts'

/** What a link's session has become, by the texts of its statements and the server's OK packets. */
export class SessionState {
  /** What the statements since the last cleaning may have left behind. */
  effect: Effect = CLEAN
  /** The flags of the last OK packet. */
  status = 0
  /** In a transaction that must not end before its COMMIT. */
  guarded = false

  /** Whether a backslash escapes in quoted text, as the server reads it. */
  get backslashEscapes(): boolean {
    return (this.status & NO_BACKSLASH_ESCAPES) === 0
  }

  /** That a call is sent: what it may leave behind, its text read as the server reads it. */
  note(sql: Sql, values?: unknown): void {
    this.effect |= effectOfCall(sql, values, this.backslashEscapes)
  }

  wasReset(leaves: Effect): void {
    this.effect = (this.effect & BEYOND_RESET) | leaves
  }

  /**
   * An OK packet says whether a transaction is open; rows do not.
   *
   * @returns why nothing more may run, where a guarded transaction has ended before its time
   */
  answered(error: Error | null, status: number | undefined): WarmpoolError | undefined {
    const ended = error ? rollsBack(error as Fault) : status !== undefined && !(status & IN_TRANSACTION)
    if (!error && status !== undefined) {
      this.status = status
      this.effect = ended ? this.effect & ~TRANSACTION : this.effect | TRANSACTION
    }
    // A ROLLBACK would wait for a database connection in its turn; the end of the client undoes whatever there is, at once.
    if (error && notBorrowed(error as Fault) && this.effect & TRANSACTION) this.effect |= BEYOND_RESET
    return this.guarded && ended ? transactionLost(error) : undefined
  }
}

function transactionLost(cause: Error | null): WarmpoolError {
  const how = cause
    ? `the server rolled it back (${cause.message})`
    : 'a statement in it committed or ended it'
  return new WarmpoolError('TRANSACTION_LOST', `the transaction is over before its end: ${how}`, {
    statusCode: 500,
    outcome: 'not-sent',
    ...(cause && { cause }),
  })
}
