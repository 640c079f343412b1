import { setImmediate as turn } from 'node:timers/promises'
import type { Network, NetworkConnection } from '../../local/src/network/network.ts'
import type { SeenConnections } from '../judge/history.ts'

/** Looks at a container's connections whenever there is one more. */
export class ConnectionWatch {
  readonly #network: Network
  /** Those that were open each time. */
  #looks: NetworkConnection[][] = []
  /** Those that have been sent anything but a handshake and a KILL: what is opened to stop a statement never is. */
  readonly #working = new Set<NetworkConnection>()
  readonly #orphaned = new Set<NetworkConnection>()

  constructor(network: Network) {
    this.#network = network
    network.watch((connection) => {
      void this.#look()
      return { toServer: (chunk) => void (isWork(chunk) && this.#working.add(connection)) }
    })
  }

  /** What was seen since the last time. @param limit of the container's connections */
  take(limit: number): Omit<SeenConnections, 'left'> {
    const looks = this.#looks.splice(0)
    const most = (wanted: (connection: NetworkConnection) => boolean) =>
      Math.max(0, ...looks.map((open) => open.filter(wanted).length))
    const seen = {
      most: most(() => true),
      working: most((connection) => this.#working.has(connection)),
      beyond: looks.filter((open) => open.length > limit).length,
      orphaned: this.#orphaned.size,
    }
    this.#orphaned.clear()
    this.#working.clear()
    return seen
  }

  /** Two turns of the event loop later, when the end of whatever was closed before has been heard of. */
  async #look(): Promise<void> {
    await turn()
    await turn()
    const { connections } = this.#network
    this.#looks.push(connections.filter(({ clientGone }) => !clientGone))
    for (const connection of connections) if (connection.clientGone) this.#orphaned.add(connection)
  }
}

const [COM_QUERY, COM_STMT_PREPARE] = [3, 22]

/** A packet's first byte after its header of four says what is asked for; a handshake's packets do not begin with 0. */
function isWork(chunk: Buffer): boolean {
  const asked = chunk[3] === 0 ? chunk[4] : undefined
  if (asked === COM_STMT_PREPARE) return true
  return asked === COM_QUERY && !chunk.subarray(5, 10).equals(Buffer.from('KILL '))
}
