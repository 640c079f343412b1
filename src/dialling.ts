import { isIP } from 'node:net'
import { type Alarm, alarmAt, clock } from './clock.ts'
import type { Address, DriverConnection } from './driver.ts'
import type { Stage } from './policy/faults.ts'
import type { Target } from './target/target.ts'

/**
 * How long one address may not answer at all, milliseconds: the kernel repeats its SYN after 1000. A server that is gone does not
 * refuse, and after a failover its name leads to another by then: so it is asked anew.
 */
const DIAL_TIME = 2000

/** How far the opening of a connection comes: where it ends says what to look at. */
export class Dialling {
  readonly #connection: DriverConnection
  readonly #giveUp: () => void
  #stage: Stage = 'greeting'
  #alarm: Alarm | undefined

  /** @param giveUp called when there is no answer to the dialling */
  constructor(
    connection: DriverConnection,
    target: Target,
    address: Address | undefined,
    giveUp: () => void,
  ) {
    const { stream } = connection
    this.#connection = connection
    this.#giveUp = giveUp
    if (!stream.connecting) return
    if (looksUp(target, address)) this.#stage = 'resolving'
    else this.#dial()
    stream.once('lookup', () => this.#dial())
    stream.once('close', () => this.#alarm?.clear())
    stream.once('connect', () => {
      this.#stage = 'greeting'
      this.#alarm?.clear()
    })
  }

  get stage(): Stage {
    return this.#connection.connectionId === undefined ? this.#stage : 'login'
  }

  #dial(): void {
    this.#stage = 'dialling'
    this.#alarm ??= alarmAt(clock.now() + DIAL_TIME, this.#giveUp)
  }
}

/** A stream of the user's own may lead anywhere. */
function looksUp({ host, socketPath, driver }: Target, address: Address | undefined): boolean {
  return !address && socketPath === undefined && isIP(host) === 0 && driver.stream === undefined
}
