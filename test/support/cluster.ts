import { Gate } from '../../soak/failover/gate.ts'
import type { Database } from './database.ts'
import { privateDatabase } from './database.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** Two servers behind one name, the second of them read-only, and the network before that name. */
export class Cluster implements AsyncDisposable {
  readonly first: Database
  readonly second: Database
  readonly gate: Gate
  readonly network: TcpProxy

  private constructor(servers: [Database, Database], gate: Gate, network: TcpProxy) {
    ;[this.first, this.second] = servers
    this.gate = gate
    this.network = network
  }

  /** Each has a table `notes` for what is written. */
  static async start(): Promise<Cluster> {
    const servers = await Promise.all([privateDatabase(), privateDatabase()])
    const [first, second] = servers
    for (const server of servers) {
      await server.query('CREATE TABLE notes (id INT PRIMARY KEY)')
      await server.query('ALTER USER ? IDENTIFIED BY ?', [server.user, first.password])
    }
    await second.query('SET GLOBAL read_only = 1')
    const gate = await Gate.to(first)
    return new Cluster(servers, gate, await TcpProxy.to(gate))
  }

  /** Of the name. */
  get url(): string {
    return this.network.url(this.first.url)
  }

  /** What has been written, on either server; what is on both comes twice. */
  async notes(): Promise<number[]> {
    const rows = await Promise.all([this.first, this.second].map((one) => one.query('SELECT id FROM notes')))
    return rows.flat().map(({ id }) => id)
  }

  /** As it was in the beginning. */
  async reset(): Promise<void> {
    this.gate.leadTo(this.first)
    await this.first.query('SET GLOBAL read_only = 0')
    await this.second.query('SET GLOBAL read_only = 1')
    for (const server of [this.first, this.second]) await server.query('TRUNCATE notes')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.network[Symbol.asyncDispose]()
    await this.gate[Symbol.asyncDispose]()
    await Promise.all([this.first, this.second].map((one) => one[Symbol.asyncDispose]()))
  }
}
