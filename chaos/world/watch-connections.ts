import { setImmediate as turn } from 'node:timers/promises'
import type { Network, NetworkConnection } from '../../local/src/network/network.ts'

/** Looks at a container's connections whenever there is one more. */
export class ConnectionWatch {
  readonly #network: Network
  #counts: number[] = []
  readonly #orphaned = new Set<NetworkConnection>()

  constructor(network: Network) {
    this.#network = network
    network.watch(() => {
      void this.#look()
      return {}
    })
  }

  /** What was seen since the last time. @param limit of the container's connections */
  take(limit: number): { most: number; beyond: number; orphaned: number } {
    const counts = this.#counts.splice(0)
    const orphaned = this.#orphaned.size
    this.#orphaned.clear()
    return { most: Math.max(0, ...counts), beyond: counts.filter((count) => count > limit).length, orphaned }
  }

  /** Two turns of the event loop later, when the end of whatever was closed before has been heard of. */
  async #look(): Promise<void> {
    await turn()
    await turn()
    const { connections } = this.#network
    this.#counts.push(connections.filter(({ clientGone }) => !clientGone).length)
    for (const connection of connections) if (connection.clientGone) this.#orphaned.add(connection)
  }
}
