import type { Network, NetworkConnection } from '../network/network.ts'
import { sessionOf } from './greeting.ts'

/** What an invocation did to its container's connections, as seen from the network between it and the server. */
export interface ConnectionUse {
  /** Let in by the server since the container's invocation before; in its first one, those of INIT too. */
  readonly opened: number
  /** Of those that the container had before, how many the server answered on. */
  readonly reused: number
  /** Of those opened, how many took the place of one that the container had before and has no more. */
  readonly replaced: number
  /** That the container has now. */
  readonly open: number
}

/** What there was at a moment. */
export interface Mark {
  /** Each connection of the container, with the bytes that the server had sent on it. */
  readonly had: ReadonlyMap<NetworkConnection, number>
  /** How many the server had ever let in. */
  readonly opened: number
}

/** Keeps count of the connections of one container, by watching its network from the first one on. */
export class ConnectionBook {
  readonly #network: Network
  /** The server's number of each that it has let in. */
  readonly #sessions = new Map<NetworkConnection, number>()
  /** Numbers of those that are closed on our side, but may not be on the server's. */
  #ended = new Set<number>()
  #opened = 0
  #underWay = 0
  #last: Mark = { had: new Map(), opened: 0 }

  constructor(network: Network) {
    this.#network = network
    network.watch((connection) => ({
      toClient: untilGreeted((session) => {
        this.#opened++
        this.#sessions.set(connection, session)
      }),
    }))
  }

  /** What the next invocation's use is counted from: what happened until now was not its doing. */
  settle(): void {
    this.#last = this.#mark()
  }

  /** An invocation begins. Beside others it is counted from now; else from the end of the one before. */
  begin(): Mark {
    this.#underWay++
    if (this.#underWay > 1) return this.#mark()
    const { had, opened } = this.#last
    return { had: new Map([...had.keys()].map((one) => [one, one.bytesToClient])), opened }
  }

  /** The invocation that began at `start` has ended. */
  end(start: Mark): ConnectionUse {
    this.#underWay--
    const now = this.#mark()
    this.#last = now
    const opened = now.opened - start.opened
    const before = [...start.had]
    const gone = before.filter(([connection]) => !now.had.has(connection))
    return {
      opened,
      reused: before.filter(([connection, bytes]) => connection.bytesToClient > bytes).length,
      replaced: Math.min(gone.length, opened),
      open: now.had.size,
    }
  }

  /** Which of the server's sessions are, or were, the container's. @param listed those that the server has now */
  sessionsAmong(listed: ReadonlySet<number>): Set<number> {
    this.#forgetClosed()
    this.#ended = this.#ended.intersection(listed)
    return this.#ended.union(new Set(this.#sessions.values()).intersection(listed))
  }

  #mark(): Mark {
    this.#forgetClosed()
    const had = [...this.#sessions.keys()].filter((connection) => !connection.clientGone)
    return { had: new Map(had.map((one) => [one, one.bytesToClient])), opened: this.#opened }
  }

  #forgetClosed(): void {
    const open = new Set(this.#network.connections)
    for (const [connection, session] of this.#sessions) {
      if (open.has(connection)) continue
      this.#sessions.delete(connection)
      this.#ended.add(session)
    }
  }
}

/** Listens to what a server says on one connection until it has said which session this is, or that it will not have it. */
function untilGreeted(greeted: (session: number) => void): (chunk: Buffer) => void {
  let said: Buffer | undefined = Buffer.alloc(0)
  return (chunk) => {
    if (said === undefined) return
    said = Buffer.concat([said, chunk])
    const session = sessionOf(said)
    if (session === undefined) return
    said = undefined
    if (session !== 'refused') greeted(session)
  }
}
