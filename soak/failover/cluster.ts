import { type Database, Network, startDatabase } from 'warmpool-local'
import { surroundings } from '../../local/src/database/sources.ts'
import { Gate } from './gate.ts'

/** Two servers behind one name, of which one takes writes, and the network before that name. */
export class Cluster implements AsyncDisposable {
  readonly gate: Gate
  readonly network: Network
  readonly #servers: readonly [Database, Database]
  #writing: 0 | 1 = 0

  private constructor(servers: readonly [Database, Database], gate: Gate, network: Network) {
    this.#servers = servers
    this.gate = gate
    this.network = network
  }

  /** Never the server of DATABASE_URL: these are killed. Each has a table `notes` for what is written. */
  static async start(): Promise<Cluster> {
    const { DATABASE_URL: _, ...env } = process.env
    const where = { ...surroundings(), env }
    const servers = await Promise.all([startDatabase({}, where), startDatabase({}, where)])
    const [first, second] = servers
    await second.query('ALTER USER ? IDENTIFIED BY ?', [second.user, first.password])
    for (const server of servers)
      await server.query('CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text CHAR(40))')
    await second.query('SET GLOBAL read_only = 1')
    const gate = await Gate.to(first)
    return new Cluster(servers, gate, await Network.to(gate))
  }

  /** By its name. */
  get url(): string {
    return this.network.url(this.#servers[0].url)
  }

  get writer(): Database {
    return this.#servers[this.#writing]
  }

  get reader(): Database {
    return this.#servers[this.#writing === 0 ? 1 : 0]
  }

  /** The writer takes no writes from now on. */
  async demote(): Promise<void> {
    await this.writer.query('SET GLOBAL read_only = 1')
  }

  /** The reader becomes the writer. The name does not know yet. */
  async promote(): Promise<void> {
    await this.reader.query('SET GLOBAL read_only = 0')
    this.#writing = this.#writing === 0 ? 1 : 0
  }

  /** From now on the name leads to the writer. */
  moveName(): void {
    this.gate.leadTo(this.writer)
  }

  /** How often each text has been written, on either server. */
  async notes(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    for (const server of this.#servers)
      for (const { text } of await server.query('SELECT text FROM notes'))
        counts.set(text, (counts.get(text) ?? 0) + 1)
    return counts
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await this.gate[Symbol.asyncDispose]()
    for (const server of this.#servers) await server[Symbol.asyncDispose]()
  }
}
