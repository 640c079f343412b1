import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { type Database, startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'
import { type Cut, Network } from '../../local/src/network/network.ts'
import { createLedger } from './ledger.ts'
import { ConnectionWatch } from './watch-connections.ts'

/** Room for the container and a few others, milliseconds of patience for all to be quiet. */
const MAX_CONNECTIONS = 16
const PATIENCE = 20_000

/** A server, and the network that leads to it. Containers come and go. */
export class World implements AsyncDisposable {
  readonly database: Database
  readonly network: Network
  readonly connections: ConnectionWatch
  #committing: (() => void) | undefined
  /** Settles when the server is up. */
  #down: Promise<unknown> = Promise.resolve()

  private constructor(database: Database, network: Network) {
    this.database = database
    this.network = network
    this.connections = new ConnectionWatch(network)
    network.watch(() => ({ toServer: (chunk) => chunk.includes('COMMIT') && this.#committing?.() }))
  }

  /** Resolves with the next COMMIT that a container sends, before the server has it; with `over`, if that is first. */
  async nextCommit(over: Promise<unknown>): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>()
    this.#committing = () => resolve(true)
    const came = await Promise.race([promise, over.then(() => false)])
    this.#committing = undefined
    return came
  }

  /** What a kill -9 of the server must not lose is in the kernel's hands by then. */
  static async create(): Promise<World> {
    const { DATABASE_URL: _, ...env } = process.env
    const args = [`--max-connections=${MAX_CONNECTIONS}`, '--innodb-flush-log-at-trx-commit=2']
    const database = await startDatabase({ database: 'chaos', args, tls: false }, { ...surroundings(), env })
    await createLedger(database)
    const { host, port } = database
    return new World(database, await Network.to({ host, port }))
  }

  get url(): string {
    return this.network.url(this.database.url)
  }

  /** As the network's; takes the place of one that has not come to its last byte, and is over with `over`. */
  async cutAfter(
    bytes: number,
    way: 'toServer' | 'toClient',
    how: Cut,
    over: Promise<unknown>,
  ): Promise<void> {
    this.network.callOff()
    await Promise.race([this.network.cutAfter(bytes, way, how), over])
    this.network.callOff()
  }

  /** Takes the server down and brings it up again; who comes meanwhile waits. */
  takeDown(work: (database: Database) => Promise<unknown>): Promise<unknown> {
    this.#down = this.#down.then(() => work(this.database))
    return this.#down
  }

  /** Has the administrator do something; once more when the server was taken down meanwhile. */
  async administer<T>(work: (database: Database) => Promise<T>): Promise<T> {
    for (;;) {
      const down = this.#down
      await down
      try {
        return await work(this.database)
      } catch (error) {
        if (this.#down === down) throw error
      }
    }
  }

  /** Resolves when the network has handed on all that has come to it. */
  async delivered(): Promise<void> {
    for (let i = 0; i < 6; i++) await turn()
  }

  /** Waits until the server has no session of the application any more. @returns how many there are that do not end */
  async alone(): Promise<number> {
    for (const end = Date.now() + PATIENCE; Date.now() < end; await sleep(3))
      if ((await this.database.connections()).length === 0) return 0
    return this.database.killConnections()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await this.database[Symbol.asyncDispose]()
  }
}
