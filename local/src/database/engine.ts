import type { ConnectionOptions } from 'mysql2/promise'

/** Where the server listens, and the ordinary user that an application connects as. */
export interface Account {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/** The server behind a Database: one of our own, or one that somebody else runs. */
export interface Engine {
  readonly account: Account
  /** The same as a URL. */
  readonly url: string
  readonly administrator: ConnectionOptions
  readonly ca: string | undefined
  readonly socketPath: string | undefined
  readonly directory: string | undefined
  readonly pid: number | undefined
  start(args?: readonly string[]): Promise<void>
  stop(): Promise<void>
  kill(): Promise<void>
  remove(): Promise<void>
}
