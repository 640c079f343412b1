import type { Alarm } from '../clock.ts'
import type { Holder, Slot } from './slot.ts'
import type { Waiting } from './turns.ts'

/** Somebody who wants a connection, from the asking to the giving back. */
export interface Claim extends Waiting<Claim>, Holder {
  /** Asked for inside a `transaction()` callback, which has a connection of its own. */
  readonly besideTransaction: boolean
  /** For longer than a single statement. */
  readonly held: boolean
  /** Wall clock of the asking, milliseconds. */
  since: number
  /** Wall clock after which waiting ends by itself, milliseconds. */
  readonly until: number
  /** Wall clock after which nothing is waited for on its behalf any more, milliseconds. */
  readonly deadline: number
  /** Wall clock after which no connection is opened on its behalf any more. */
  readonly connectUntil: number
  alarm: Alarm | undefined
  /** Neither granted nor failed yet. */
  pending: boolean
  /** What was granted, until it is given back. */
  slot: Slot | undefined
  granted(slot: Slot): void
  failed(error: Error): void
}
