import type { Invocation } from '../invocation/invocation.ts'
import { Lease } from '../invocation/lease.ts'
import type { Scope } from '../invocation/scope.ts'
import type { Place } from '../place.ts'
import { besideTransaction } from './beside.ts'
import { Connection } from './connection.ts'

/**
 * Asks for a connection.
 *
 * @param what the method that was called, for messages
 * @param from where
 * @param asked is given the lease before it is granted
 */
export async function connectionOf(
  scope: Scope,
  invocation: Invocation,
  what: string,
  from: Place,
  asked: (lease: Lease) => void = () => {},
): Promise<Connection> {
  const lease = await new Promise<Lease>((resolve, reject) => {
    const lease: Lease = new Lease(invocation, what, () => resolve(lease), reject)
    lease.from = from
    lease.held = true
    asked(lease)
    if (scope.transaction) besideTransaction(scope, lease, connectionOf)
    invocation.take(lease)
  })
  return new Connection(lease)
}

/** A connection for the time of `work`. Given back, it is rolled back if a transaction is still open. */
export async function lend<T>(
  connecting: Promise<Connection>,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await connecting
  try {
    return await work(connection)
  } finally {
    await connection[Symbol.asyncDispose]()
  }
}
