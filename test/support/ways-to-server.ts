import type { Pool, PoolOptions } from '../../src/index.ts'
import type { Database } from './database.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** Milliseconds that everything takes each way where it is slow. */
const SLOW = 5

export const WAYS = ['plain', 'TLS', 'slow'] as const

/** How a pool gets to the server. */
type Options = Pick<PoolOptions, 'connection' | 'tls'>

/** A way with a proxy on it, so that there is something to watch and to hold up. */
export interface WayToServer extends AsyncDisposable {
  readonly options: Options
  /** Without the proxy, which takes whatever the server says at once, read or not. */
  readonly direct: Options
  readonly proxy: TcpProxy
}

/** @param kind slow is with TLS, where connecting takes the most turns */
export async function wayTo(server: Database, kind: (typeof WAYS)[number] = 'plain'): Promise<WayToServer> {
  const proxy = await TcpProxy.to(server)
  if (kind === 'slow') for (const way of [proxy.toServer, proxy.toClient]) way.delay = SLOW
  const { user, password, database } = server
  const by = (port: number): Options => ({
    connection: { host: 'localhost', port, user, password, database, multipleStatements: true },
    tls: kind === 'plain' ? false : { ca: String(server.ca) },
  })
  return {
    options: by(proxy.port),
    direct: by(server.port),
    proxy,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

/** A pool of one connection on a way, and the margin before Lambda's deadline. */
export function oneConnection({ options }: WayToServer, deadlineMargin: number): PoolOptions {
  return { ...options, connectionLimit: 1, deadlineMargin, onLeak: 'ignore' }
}

/** Also where the test has left the way held. */
export async function close(way: WayToServer, pool: Pool): Promise<void> {
  way.proxy.toClient.letGo()
  way.proxy.toServer.letGo()
  await pool.end({ timeout: 100 })
  await way[Symbol.asyncDispose]()
}
