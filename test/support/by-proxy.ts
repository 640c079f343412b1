import { createPool, type Pool, type PoolOptions } from '../../src/index.ts'
import type { Database } from './database.ts'
import { TcpProxy } from './tcp-proxy.ts'

/** A pool whose connections can be watched, held up and cut. */
export interface ByProxy {
  readonly proxy: TcpProxy
  readonly pool: Pool
  /** For `beforeEach` to return. */
  close(): Promise<void>
}

export async function openByProxy(server: Database, options: PoolOptions): Promise<ByProxy> {
  const proxy = await TcpProxy.to(server)
  const pool = createPool({ connection: proxy.url(server.url), onLeak: 'ignore', ...options })
  const close = async () => {
    await pool.end({ timeout: 100 })
    await proxy[Symbol.asyncDispose]()
  }
  return { proxy, pool, close }
}
