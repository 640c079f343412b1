import { type Alarm, clock } from '../../../src/clock.ts'
import type { Claim } from '../../../src/slots/claim.ts'
import type { Slot } from '../../../src/slots/slot.ts'
import type { Asker } from './ledger.ts'
import type { SimulatedLink } from './simulated-link.ts'

/** Milliseconds in which a connection has to be opened for a claim. */
export const CONNECT_TIMEOUT = 5_000

/** Whose claims they are. */
const OWNERS = ['a', 'b', 'c'].map((name) => ({ name }))
export type SimulatedOwner = (typeof OWNERS)[number]

let asked = 0

export class SimulatedClaim implements Claim, Asker {
  readonly owner: SimulatedOwner
  readonly number = ++asked
  ahead: Claim | undefined
  behind: Claim | undefined
  inLine = false
  place = 0
  since = 0
  /** Wall clock after which it waits no more, milliseconds: once later, if it has slept for longer than it may wait. */
  waitsUntil = 0
  #alarm: Alarm | undefined
  #alarms = 0
  pending = true
  besideTransaction = false
  readonly held = false
  readonly deadline = Number.POSITIVE_INFINITY
  slot: Slot | undefined
  readonly granted: (slot: Slot) => void
  readonly failed: (error: Error) => void
  /** Milliseconds. */
  readonly #patience: number

  constructor(
    owner: number,
    patience: number,
    granted: (claim: SimulatedClaim) => void,
    failed: (claim: SimulatedClaim, error: Error) => void,
  ) {
    this.owner = OWNERS[owner % OWNERS.length] as SimulatedOwner
    this.#patience = patience
    this.granted = () => granted(this)
    this.failed = (error) => failed(this, error)
  }

  get name(): string {
    return `claim ${this.number} of ${this.owner.name}`
  }

  get alarm(): Alarm | undefined {
    return this.#alarm
  }

  set alarm(alarm: Alarm | undefined) {
    const slept = clock.now() - this.waitsUntil > this.#patience
    if (++this.#alarms > 1 && (this.#alarms > 2 || !slept)) throw new Error(`${this.name} waits on`)
    this.#alarm = alarm
    this.waitsUntil = clock.now() + this.#patience
  }

  get until(): number {
    return this.since + this.#patience
  }

  get connectUntil(): number {
    return this.since + CONNECT_TIMEOUT
  }

  get link(): SimulatedLink | undefined {
    return this.slot?.link as SimulatedLink | undefined
  }

  describe(): string {
    return this.name
  }
}
