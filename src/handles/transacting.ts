import { clock, turn, within } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Invocation } from '../invocation/invocation.ts'
import type { Lease } from '../invocation/lease.ts'
import { errorOf, type Reason } from '../invocation/reason.ts'
import type { Scope } from '../invocation/scope.ts'
import type { Place } from '../place.ts'
import { contentionPause } from '../policy/backoff.ts'
import { worthAnotherAttempt } from '../policy/faults.ts'
import { bounded } from './bounds.ts'
import type { Connection } from './connection.ts'
import { connectionOf, lend } from './lending.ts'
import { type Course, Level, type Work } from './transaction.ts'
import { readTransactionOptions, type TransactionOptions } from './transaction-options.ts'

/** Runs `work` in a transaction; inside the callback of one, in that, as a savepoint. */
export async function transact<T>(
  scope: Scope,
  invocation: Invocation,
  from: Place,
  work: Work<T>,
  options: TransactionOptions = {},
): Promise<T> {
  const around = scope.transaction as Level | undefined
  if (around?.belongsTo(invocation)) return around.nest(work, options)
  const bounds = readTransactionOptions(work, options)
  const transacting = new Transacting(scope, invocation, from, options)
  return bounded(
    bounds,
    (reason) => transacting.stop(reason),
    () => transacting.run(work),
  )
}

/** One call of `transaction()`: its attempts, and what stops them. */
class Transacting {
  readonly #scope: Scope
  readonly #invocation: Invocation
  readonly #from: Place
  readonly #options: TransactionOptions
  readonly #stopped = Promise.withResolvers<void>()
  readonly #givenUp = Promise.withResolvers<never>()
  #reason: Reason | undefined
  /** Missing when an attempt has ended. */
  #lease: Lease | undefined

  constructor(scope: Scope, invocation: Invocation, from: Place, options: TransactionOptions) {
    this.#scope = scope
    this.#invocation = invocation
    this.#from = from
    this.#options = options
  }

  /** What the callback still does after a stop is its own business: nobody waits for that. */
  run<T>(work: Work<T>): Promise<T> {
    return Promise.race([this.#persist(work), this.#givenUp.promise])
  }

  stop(reason: Reason): void {
    const lease = this.#lease
    this.#reason ??= reason
    this.#stopped.resolve()
    if (!lease) return
    const incident = this.#invocation.incident(lease)
    this.#invocation.halt(lease, reason, incident)
    // A statement that was under way has the better answer, and the callback a turn to hand it on.
    const stopped = Promise.all(this.#invocation.halting)
    void stopped.then(() => turn(() => this.#givenUp.reject(errorOf(reason, incident))))
  }

  /** Each attempt has a connection of its own: what the one before left in its session is cleaned with its rollback. */
  async #persist<T>(work: Work<T>): Promise<T> {
    const { retries = 0 } = this.#options
    let before: unknown
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(work)
      } catch (error) {
        if (attempt > 1 && cameTooLate(error)) throw before
        before = error
        if (attempt > retries || !worthAnotherAttempt(error)) throw error
        if (!(await this.#pause(attempt))) throw this.#overAfter(error)
      }
    }
  }

  #attempt<T>(work: Work<T>): Promise<T> {
    const asked = (lease: Lease) => {
      this.#lease = lease
    }
    const connecting = connectionOf(this.#scope, this.#invocation, 'transaction()', this.#from, asked)
    return lend(connecting, (connection) => this.#transact(connection, work))
  }

  /** Rolled back by being given back, unless it comes to its COMMIT. */
  async #transact<T>(connection: Connection, work: Work<T>): Promise<T> {
    const course: Course = {
      scope: this.#scope,
      invocation: this.#invocation,
      connection,
      kind: this.#options,
      stop: (reason) => this.stop(reason),
      over: whenOver(this.#lease as Lease),
      savepoints: 0,
      broken: undefined,
    }
    try {
      await connection.beginGuarded(course.kind)
      const result = await new Level(course).run(work)
      if (course.broken) throw course.broken
      await commit(connection)
      return result
    } catch (error) {
      throw partlyCommitted(error) ?? error
    } finally {
      this.#lease = undefined // what comes now cannot change how it ended
    }
  }

  /** @returns whether there is time for another attempt */
  async #pause(attempt: number): Promise<boolean> {
    const until = clock.now() + contentionPause(attempt)
    return until < this.#invocation.deadline && !(await within(until, this.#stopped.promise))
  }

  #overAfter(error: unknown): unknown {
    const reason = this.#reason
    return reason
      ? errorOf({ ...reason, cause: reason.cause ?? error }, 'transaction() was about to be tried again')
      : error
  }
}

/** The pool has ended meanwhile: why there was to be another attempt says more. */
function cameTooLate(error: unknown): boolean {
  return error instanceof WarmpoolError && error.code === 'POOL_ENDED' && error.outcome === 'not-sent'
}

function whenOver(lease: Lease): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const { whenOver } = lease
  lease.whenOver = (error, stopping) => {
    whenOver?.(error, stopping)
    resolve()
  }
  return promise
}

async function commit(connection: Connection): Promise<void> {
  try {
    await connection.commitGuarded()
  } catch (error) {
    throw error instanceof WarmpoolError || (error as { outcome?: string }).outcome !== 'unknown'
      ? error
      : commitUnknown(error as Error)
  }
}

/** For a single statement it is sure that it was not sent; the whole has been committed up to the one that ended it. */
function partlyCommitted(error: unknown): WarmpoolError | undefined {
  if (!(error instanceof WarmpoolError) || error.code !== 'TRANSACTION_LOST' || error.cause) return undefined
  return new WarmpoolError('TRANSACTION_LOST', error.message, { statusCode: 500, outcome: 'unknown' })
}

function commitUnknown(cause: Error): WarmpoolError {
  const message = `the connection was lost during COMMIT (${cause.message}): whether the transaction was committed is unknown`
  return new WarmpoolError('COMMIT_UNKNOWN', message, { cause, outcome: 'unknown' })
}
