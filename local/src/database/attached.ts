import type { ConnectionOptions } from 'mysql2/promise'
import type { Account, Engine } from './engine.ts'

/** A server that somebody else runs, reached through DATABASE_URL. Asked questions as that URL's user. */
export class AttachedServer implements Engine {
  readonly account: Account
  readonly url: string
  readonly administrator: ConnectionOptions
  readonly ca = undefined
  readonly socketPath = undefined
  readonly directory = undefined
  readonly pid = undefined

  /** @throws Error, without the URL, when that is not `mysql://user:password@host:port/database` */
  constructor(url: string) {
    this.account = parse(url)
    this.url = url
    const { host, port } = this.account
    this.administrator = { uri: url, host, port }
  }

  async start(): Promise<void> {
    return refuse()
  }

  async stop(): Promise<void> {
    return refuse()
  }

  async kill(): Promise<void> {
    return refuse()
  }

  async remove(): Promise<void> {}
}

function refuse(): never {
  throw new Error(
    'The database of DATABASE_URL is not ours to start or stop: unset DATABASE_URL to get a private one.',
  )
}

function parse(text: string): Account {
  try {
    const { protocol, hostname, port, username, password, pathname } = new URL(text)
    const database = decodeURIComponent(pathname.slice(1))
    if (protocol !== 'mysql:' || hostname === '' || database === '') throw new Error('incomplete')
    return {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: Number(port || 3306),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database,
    }
  } catch {
    // Without the cause: the error of `new URL()` holds the whole text, and so the password.
    throw new Error('DATABASE_URL is not of the form mysql://user:password@host:port/database.')
  }
}
