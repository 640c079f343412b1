import mysql, { type Connection, type ConnectionOptions, type RowDataPacket } from 'mysql2/promise'
import { onTestFinished, vi } from 'vitest'
import type { Database } from '../database.ts'
import { type ProxyOptions, StandInProxy } from './stand-in-proxy.ts'

/** For the test that runs. */
export async function proxyForTest(server: Database, options: ProxyOptions = {}): Promise<StandInProxy> {
  const proxy = await StandInProxy.before(server, options)
  onTestFinished(() => proxy[Symbol.asyncDispose]())
  return proxy
}

/** A plain mysql2 connection to a stand-in, for the test that runs. */
export async function connectTo(proxy: StandInProxy, options: ConnectionOptions = {}): Promise<Connection> {
  const connection = await mysql.createConnection({
    ...proxy.connection,
    ssl: { ca: proxy.ca },
    enableCleartextPlugin: true,
    ...options,
  })
  connection.on('error', () => {}) // of a connection that is closed on purpose
  onTestFinished(() => connection.destroy())
  return connection
}

/** The first column of the first row. */
export async function ask(connection: Pick<Connection, 'query'>, sql: string): Promise<unknown> {
  const [[row]] = await connection.query<RowDataPacket[]>(sql)
  return Object.values(row ?? {})[0]
}

/** The server's own number of the connection that the statement came by. */
export const serverConnection = (connection: Connection) => ask(connection, 'SELECT CONNECTION_ID()')

/** Resolves when `check` no longer throws; a loaded machine has time for it. */
export function eventually(check: () => void): Promise<void> {
  return vi.waitFor(check, { timeout: 10_000, interval: 2 })
}
