import { clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Events } from '../events.ts'
import type { Link } from '../link.ts'
import { atLoad } from '../load-context.ts'
import { NOWHERE } from '../place.ts'
import { clean, settle } from './cleaning.ts'
import { sayGoodbye } from './closing.ts'
import type { Limits } from './limits.ts'
import type { Opener } from './opener.ts'
import { Slot } from './slot.ts'
import type { States } from './states.ts'
import type { Stopper } from './stopper.ts'
import { validate } from './validating.ts'

/** Who decides what becomes of a connection. */
interface Owner {
  /** It can be used from now on. */
  free(slot: Slot): void
  /** It still works, though nobody has used it. */
  checked(slot: Slot): void
  /** It could not be opened, as long as there was time for that. */
  failed(until: number, error: Error): void
  /** One is closed, so there is room for another. */
  closed(): void
}

/** Opens, cleans and closes connections. Who gets them is none of its business. */
export class Upkeep {
  /** Connections opened since the start. */
  opened = 0
  /** Connections being asked now whether they still work, for nobody. */
  checking = 0
  /** Wall clock of the last time that one was closed. Waiting for it, while it was in use, was not time spent on connecting. */
  #closedAt = 0
  readonly #limits: Limits
  readonly #opener: Opener
  readonly #events: Events
  readonly #states: States
  readonly #stopper: Stopper
  readonly #owner: Owner

  constructor(
    limits: Limits,
    opener: Opener,
    events: Events,
    states: States,
    stopper: Stopper,
    owner: Owner,
  ) {
    this.#limits = limits
    this.#opener = opener
    this.#events = events
    this.#states = states
    this.#stopper = stopper
    this.#owner = owner
  }

  /** @param connectUntil wall clock, milliseconds, of whoever waits for it */
  open(connectUntil: number): void {
    const until = Math.max(connectUntil, this.#closedAt + this.#limits.connectTimeout)
    const slot = new Slot()
    slot.progress.wantedBy = connectUntil
    this.#states.add(slot)
    const opened = () => this.#opener.open(until, slot.abort.signal, slot.progress)
    const arrived = (link: Link) => this.#arrived(slot, link)
    const failed = (error: Error) => {
      this.#states.move(slot, 'closed')
      this.#owner.failed(until, error)
    }
    void atLoad(() => opened().then(arrived, failed))
  }

  /** @param deadline wall clock, milliseconds, past which what is in flight is stopped */
  async clean(slot: Slot, link: Link, deadline: number): Promise<void> {
    this.#states.move(slot, 'resetting')
    const { sessionReset } = this.#limits
    if (link.busy) await settle(link, deadline, this.#stopper, slot.abort.signal)
    if (await clean(link, sessionReset, this.#opener)) this.#owner.free(slot)
    else if (!link.dead) this.quit(slot)
  }

  /**
   * After a sleep, looks at what lies idle: what is too old goes, and what may have died without a sound is asked, all at
   * once. So a dead one is found before somebody needs it, and does not count against the bound for long.
   */
  inspect(): void {
    for (const slot of [...this.#states.idle]) {
      const verdict = slot.judge()
      if (verdict === 'replace') this.quit(slot)
      if (verdict === 'ping') this.#check(slot)
    }
  }

  quit(slot: Slot): undefined {
    this.#states.move(slot, 'closing')
    sayGoodbye(slot.link as Link)
    return undefined
  }

  #check(slot: Slot): void {
    this.#states.move(slot, 'inUse')
    this.checking++
    validate(slot, 'ping', this.#limits.validateTimeout, () => {
      this.checking--
      if (slot.state === 'inUse') this.#owner.checked(slot)
    })
  }

  #arrived(slot: Slot, link: Link): void {
    slot.arrived(link, { ...this.#limits, pingable: !this.#opener.proxied })
    this.opened++
    link.onDeath = (error) => {
      this.#states.move(slot, 'closing')
      // What we gave up ourselves says nothing of the server; a ping without an answer does.
      if (!(error instanceof WarmpoolError) && !link.stopping) this.#opener.doubtWriter()
    }
    if (link.pins)
      link.pins.onPin = (what, why) => {
        const { where = NOWHERE } = slot.holder ?? {}
        const message = `${what} pins a session of RDS Proxy to one database connection: ${why} (${where})`
        this.#events.tellOnce(where === NOWHERE ? message : `pins: ${why} (${where})`, message)
      }
    void link.closed.then(() => {
      this.#states.move(slot, 'closed')
      this.#closedAt = clock.now()
      this.#owner.closed()
    })
    if (link.dead) return
    this.#events.emitThread('connection', link.threadId)
    this.#owner.free(slot)
  }
}
