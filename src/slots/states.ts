import { clock } from '../clock.ts'
import { soFar } from '../policy/connect-trouble.ts'
import type { Keepalive } from './keepalive.ts'
import type { Holder, Slot, State } from './slot.ts'

/** Beyond the first, connections unused for this long are closed when an invocation ends. */
const SURPLUS_AFTER = 10_000

/** Which slot is in which state. `move` is the only place where that changes. */
export class States {
  /** Every slot that counts against the bound: all but the closed. */
  readonly slots = new Set<Slot>()
  /** The newest is last, and taken first. */
  readonly idle: Slot[] = []
  readonly counts: Record<State, number> = {
    connecting: 0,
    idle: 0,
    inUse: 0,
    resetting: 0,
    closing: 0,
    closed: 0,
  }

  readonly keepalive: Keepalive

  constructor(keepalive: Keepalive) {
    this.keepalive = keepalive
  }

  add(slot: Slot): void {
    this.slots.add(slot)
    this.counts[slot.state]++
  }

  /** What is closed stays closed, and what is closing can only close: a late answer moves nothing back. */
  move(slot: Slot, to: State): void {
    const from = slot.state
    if (from === to || from === 'closed' || (from === 'closing' && to !== 'closed')) return
    if (from === 'inUse') this.keepalive.letGo(slot.link)
    if (from === 'idle') this.idle.splice(this.idle.lastIndexOf(slot), 1)
    slot.state = to
    this.counts[from]--
    this.counts[to]++
    if (to === 'idle') this.idle.push(slot)
    if (to === 'closed') this.slots.delete(slot)
  }

  /** What has not been needed for a while, but for one. */
  get surplus(): Slot[] {
    const longUnused = this.idle.filter((slot) => clock.now() - slot.idleSince > SURPLUS_AFTER)
    return longUnused.slice(0, this.idle.length - 1)
  }

  /** Who has a connection now. */
  get holders(): Holder[] {
    return [...this.slots].flatMap((slot) => (slot.state === 'inUse' && slot.holder) || [])
  }

  /** What is being opened now, where to, how often it has been tried, and what was in the way. */
  get connecting(): string[] {
    return [...this.slots].flatMap(({ state, progress: { to, attempt, trouble, link } }) => {
      if (state !== 'connecting') return []
      const met = trouble ? `; before that: ${trouble}` : link?.stage ? `; so far ${soFar(link.stage)}` : ''
      return `connecting to ${to} (attempt ${attempt}${met})`
    })
  }

  /** Whether a connection is there that will come free, or could. */
  get anyOpen(): boolean {
    return this.counts.idle + this.counts.inUse + this.counts.resetting > 0
  }
}
