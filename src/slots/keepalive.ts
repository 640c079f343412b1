import { clock, LONGEST, turn } from '../clock.ts'
import type { Link } from '../link.ts'
import { atLoad } from '../load-context.ts'
import { keepaliveEvery } from '../policy/server-lease.ts'
import type { Opener } from './opener.ts'

const ignored = () => {}

/**
 * The server's lease bounds sleeping containers, not working ones: it also runs while a link is held, and a long pause inside a
 * transaction would end it. So what is held and has been quiet is pinged in time. One timer for all of them, which is there
 * only while something is held and keeps no process alive. Through RDS Proxy there is no lease of ours, and no ping.
 */
export class Keepalive {
  readonly #opener: Opener
  readonly #held = new Set<Link>()
  #timer: NodeJS.Timeout | undefined

  constructor(opener: Opener) {
    this.#opener = opener
  }

  hold(link: Link): void {
    if (this.#opener.proxied) return
    this.#held.add(link)
    this.#refresh(link) // it may have been idle for almost as long as it is kept
    if (!this.#timer) this.#wait()
  }

  /** Does nothing for one that was not held. */
  letGo(link: Link | undefined): void {
    if (this.#held.size === 0 || !link || !this.#held.delete(link) || this.#held.size > 0) return
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #wait(): void {
    const every = Math.min(LONGEST, keepaliveEvery(this.#opener.lease))
    this.#timer = atLoad(() => {
      // After a thaw timers run before I/O: a link that died meanwhile shall be known to be dead.
      const timer = setTimeout(() => turn(() => this.#timer === timer && this.#look()), every)
      return timer.unref()
    })
  }

  #look(): void {
    for (const link of this.#held) this.#refresh(link)
    this.#wait()
  }

  /** In the link's own line, so that its deadline and its end are respected. The answer matters to nobody. */
  #refresh(link: Link): void {
    const quiet = clock.now() - link.lastStart
    if (!link.busy && quiet >= keepaliveEvery(this.#opener.lease)) link.ping(ignored)
  }
}
