import { clock, within } from '../clock.ts'
import type { Link } from '../link.ts'
import { atLoad } from '../load-context.ts'
import { undoneWhenStopped } from '../policy/stopping.ts'
import { sayGoodbye } from './closing.ts'
import type { Opener } from './opener.ts'
import type { Slot } from './slot.ts'
import type { States } from './states.ts'

/** How long stopping may take where no deadline says so, milliseconds: half of the longest margin. */
export const STOP_PATIENCE = 150

interface Victim {
  readonly link: Link
  /** Wall clock, milliseconds. */
  readonly until: number
  /** Has been asked to stop by KILL QUERY. */
  asked: boolean
}

/**
 * Has the server stop what a link runs: closing the socket alone would let the statement run on. First by KILL QUERY, to which
 * the statement answers that it was stopped; it cannot hit a later statement, as none is sent on this link any more. By KILL,
 * with its connection, goes a text that is not undone as a whole (several statements, a routine), and what still runs after
 * that, or reached the server only then. Either goes over an idle link to the same server, else over a control connection to
 * its address, of which there is one at a time.
 */
export class Stopper {
  /** Control connections open now: none or one. */
  control = 0
  /** Links closed since the start whose statement the server may not have stopped. */
  orphaned = 0
  readonly #opener: Opener
  readonly #states: States
  readonly #free: (slot: Slot) => void
  readonly #closed: () => void
  readonly #victims: Victim[] = []
  #working = false

  /**
   * @param free takes an idle link back that was borrowed
   * @param closed called when a control connection is closed
   */
  constructor(opener: Opener, states: States, free: (slot: Slot) => void, closed: () => void) {
    this.#opener = opener
    this.#states = states
    this.#free = free
    this.#closed = closed
  }

  /** Resolves when what runs has come to its end, at the latest at `until`. Through RDS Proxy nothing can be killed. */
  async stop(link: Link, until: number): Promise<void> {
    if (!this.#opener.proxied && until > clock.now()) {
      this.#victims.push({ link, until, asked: false })
      void this.#work()
      await within(until, link.whenQuiet())
    }
    if (link.busy) this.orphaned++
  }

  async #work(): Promise<void> {
    if (this.#working) return
    this.#working = true
    for (let victim = this.#next(); victim; victim = this.#next()) await this.#reach(victim)
    this.#working = false
  }

  #next(): Victim | undefined {
    const { length } = this.#victims
    const at = this.#victims.findIndex(({ link, until }) => link.busy && until > clock.now())
    this.#victims.splice(0, at < 0 ? length : at)
    return this.#victims.shift()
  }

  async #reach(victim: Victim): Promise<void> {
    if (await heeded(victim)) return
    const idle = this.#states.idle.findLast((slot) => sameServer(slot.link as Link, victim.link))
    if (!idle || !(await this.#borrow(idle, victim))) await this.#fromControl(victim)
  }

  /** An idle link may have died without a sound: it has half of the time, so that there is some left. */
  async #borrow(slot: Slot, victim: Victim): Promise<boolean> {
    this.#states.move(slot, 'inUse')
    slot.holder = { owner: this, describe: () => 'the stopping of a statement' }
    const answered = await this.#killAll(slot.link as Link, victim, halfWay)
    slot.holder = undefined
    if (!answered) slot.link?.destroy()
    else if (slot.state === 'inUse') this.#free(slot)
    return answered
  }

  async #fromControl(victim: Victim): Promise<void> {
    this.control++
    const dialled = atLoad(() => this.#opener.control(victim.link.address, victim.until))
    const control = await dialled.catch(() => undefined)
    if (control) {
      await this.#killAll(control, victim, ({ until }) => until)
      if (control.busy) control.destroy()
      else sayGoodbye(control)
      await control.closed
    }
    this.control--
    this.#closed()
  }

  /** This one, and whoever else is on the same server. @returns whether the server has answered */
  async #killAll(by: Link, victim: Victim, until: (victim: Victim) => number): Promise<boolean> {
    if (!(await this.#kill(by, victim, until(victim)))) return false
    for (let next = this.#nextOn(by); next; next = this.#nextOn(by))
      if (!(await heeded(next)) && !(await this.#kill(by, next, until(next)))) return false
    return true
  }

  /** Asks; the second time, when the others have been asked, insists. @returns whether the server has answered */
  async #kill(by: Link, victim: Victim, until: number): Promise<boolean> {
    const { threadId, running } = victim.link
    if (victim.asked || !undoneWhenStopped(running?.what ?? '')) return answers(by, `KILL ${threadId}`, until)
    victim.asked = await answers(by, `KILL QUERY ${threadId}`, until)
    if (victim.asked) this.#victims.push(victim)
    return victim.asked
  }

  #nextOn(by: Link): Victim | undefined {
    const next = this.#next()
    if (!next || sameServer(by, next.link)) return next
    this.#victims.unshift(next)
    return undefined
  }
}

/** Whether what was asked to stop has done so by half of the time that is left. */
async function heeded(victim: Victim): Promise<boolean> {
  return victim.asked && within(halfWay(victim), victim.link.whenQuiet())
}

function halfWay({ until }: Victim): number {
  return (clock.now() + until) / 2
}

/** Whatever it says: a connection that the server does not know is gone already. */
async function answers(by: Link, sql: string, until: number): Promise<boolean> {
  let answered = false
  const answer = new Promise<void>((resolve) =>
    by.query(sql, undefined, () => {
      answered = !by.dead
      resolve()
    }),
  )
  await within(until, answer)
  return answered
}

function sameServer(one: Link, other: Link): boolean {
  return one.address?.host === other.address?.host && one.address?.port === other.address?.port
}
