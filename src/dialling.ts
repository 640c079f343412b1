import { isIP } from 'node:net'
import type { Address, DriverConnection } from './driver.ts'
import type { Stage } from './policy/faults.ts'
import type { Target } from './target/target.ts'

/** How far the opening of a connection comes: where it ends says what to look at. */
export class Dialling {
  readonly #connection: DriverConnection
  #stage: Stage

  constructor(connection: DriverConnection, target: Target, address: Address | undefined) {
    const { stream } = connection
    this.#connection = connection
    this.#stage = !stream.connecting ? 'greeting' : looksUp(target, address) ? 'resolving' : 'dialling'
    stream.once('lookup', () => {
      this.#stage = 'dialling'
    })
    stream.once('connect', () => {
      this.#stage = 'greeting'
    })
  }

  get stage(): Stage {
    return this.#connection.connectionId === undefined ? this.#stage : 'login'
  }
}

/** A stream of the user's own may lead anywhere. */
function looksUp({ host, socketPath, driver }: Target, address: Address | undefined): boolean {
  return !address && socketPath === undefined && isIP(host) === 0 && driver.stream === undefined
}
