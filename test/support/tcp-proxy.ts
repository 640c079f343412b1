import { setImmediate as turn } from 'node:timers/promises'
import { Network, type NetworkConnection, type Watcher } from '../../local/src/network/network.ts'
import { commandOf, isSslRequest, PacketReader, type SentCommand } from './packets.ts'

export type { Cut } from '../../local/src/network/network.ts'

/**
 * A network that understands what passes.
 *
 * ```ts
 * await using proxy = await TcpProxy.to(database)
 * const pool = createPool({ connection: proxy.url(database.url) })
 * ```
 */
export class TcpProxy extends Network {
  /** What clients have sent, in order, without TLS and after the handshake. */
  readonly commands: SentCommand[] = []
  /** MySQL packets since the start. Under TLS they cannot be told apart, and none are counted. */
  readonly packets = { toServer: 0, toClient: 0 }
  /** The most that were open at once, those not counted that their client had closed before it opened the next. */
  mostConnections = 0

  static override async to(server: { host: string; port: number }): Promise<TcpProxy> {
    const proxy = new TcpProxy(server)
    proxy.watch(() => proxy.#watcher())
    return proxy.listen()
  }

  /** Connections of clients that are open now. */
  get clients(): readonly NetworkConnection[] {
    return this.connections.filter(({ clientGone }) => !clientGone)
  }

  #watcher(): Watcher {
    void this.#countOpen()
    const [asked, answered] = [new PacketReader(), new PacketReader()]
    return {
      toServer: (chunk) => {
        for (const packet of asked.read(chunk)) {
          this.packets.toServer++
          const command = commandOf(packet)
          if (command) this.commands.push(command)
          if (isSslRequest(packet)) for (const reader of [asked, answered]) reader.stop()
        }
      },
      toClient: (chunk) => {
        this.packets.toClient += answered.read(chunk).length
      },
    }
  }

  /** Two turns of the event loop later, when the end of whatever was closed before has been heard of. */
  async #countOpen(): Promise<void> {
    await turn()
    await turn()
    this.mostConnections = Math.max(this.mostConnections, this.clients.length)
  }
}
