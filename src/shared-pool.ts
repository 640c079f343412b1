import { alarmAt, clock } from './clock.ts'
import { Connector } from './connector.ts'
import { Database } from './database.ts'
import { Events } from './events.ts'
import { Scope } from './invocation/scope.ts'
import type { Settings } from './options.ts'
import { Slots } from './slots/slots.ts'
import type { PoolStats } from './stats.ts'

/** How long `end()` lets submitted work finish, milliseconds. */
const END_PATIENCE = 5000

/** What all handles on one target share: its connections, its invocations, its events. */
export class SharedPool {
  readonly settings: Settings
  readonly events = new Events()
  readonly scope: Scope
  /** For what belongs to no invocation. */
  readonly outside: Database
  readonly #slots: Slots
  readonly #whenOver: () => void
  #handles = 0
  #ending: Promise<void> | undefined

  constructor(settings: Settings, whenOver: () => void) {
    this.settings = settings
    this.#whenOver = whenOver
    this.#slots = new Slots(settings, new Connector(settings), this.events)
    this.scope = new Scope(this.#slots, settings, this.events)
    this.outside = new Database(this.scope, this.scope.outside)
  }

  /** The database of whichever invocation the caller is in. */
  get here(): Database {
    const { current } = this.scope
    return current === this.scope.outside ? this.outside : new Database(this.scope, current)
  }

  stats(): PoolStats {
    const { closed: _, ...counts } = this.#slots.counts
    return counts
  }

  retain(): void {
    this.#handles++
  }

  /** The last handle's end is the pool's. */
  async release(timeout = END_PATIENCE): Promise<void> {
    if (--this.#handles > 0) return
    this.#whenOver()
    this.#ending ??= this.#end(timeout)
    await this.#ending
  }

  async #end(timeout: number): Promise<void> {
    const alarm = alarmAt(clock.now() + timeout, () => this.#slots.stop())
    await this.#slots.end()
    alarm.clear()
    this.scope.disarm()
  }
}
