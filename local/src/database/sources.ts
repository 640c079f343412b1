import { checkOptions, flag, text, texts } from '../option-check.ts'
import { AttachedServer } from './attached.ts'
import { dockerServer, findDocker } from './docker.ts'
import type { Engine } from './engine.ts'
import { findServer, programFolders } from './find-server.ts'
import { localServer } from './local-server.ts'
import { PrivateServer } from './private-server.ts'

export interface DatabaseOptions {
  /** The schema that is made. Default `warmpool`. */
  readonly database?: string
  /** Further options of the server, such as `--max-connections=30`. Default none. */
  readonly args?: readonly string[]
  /** Offer TLS with a certificate for `localhost`, `127.0.0.1` and `::1`, made on the spot. Default true. */
  readonly tls?: boolean
}

/** Where a server is looked for. */
export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  /** The folders that may hold `mariadbd`, `mysqld` and `docker`. */
  readonly folders: readonly string[]
}

const NO_SERVER =
  'No MySQL server found: set DATABASE_URL, or install MariaDB with `brew install mariadb` (macOS), ' +
  '`sudo apt-get install mariadb-server-core mariadb-client-core` (Debian, Ubuntu) or ' +
  '`sudo dnf install mariadb-server` (Fedora), or start Docker, which will run `mysql:8.4`.'

/** This process's environment, its PATH, and the usual places of servers. */
export function surroundings(): Surroundings {
  return { env: process.env, folders: programFolders(process.env.PATH) }
}

/** The first source there is: DATABASE_URL, a server on this machine, Docker. @throws Error when there is none */
export async function findEngine(options: DatabaseOptions, { env, folders }: Surroundings): Promise<Engine> {
  checkOptions('startDatabase', options, { database: text, args: texts, tls: flag })
  if (env.DATABASE_URL) return attach(env.DATABASE_URL, options)
  const { database = 'warmpool', args = [], tls = true } = options
  const wanted = { database, args, tls }
  const binary = await findServer(folders)
  if (binary !== undefined) return PrivateServer.create(localServer(binary), wanted)
  const docker = await findDocker(folders)
  if (docker !== undefined) return PrivateServer.create(dockerServer(docker), wanted)
  throw new Error(NO_SERVER)
}

function attach(url: string, { database, args = [] }: DatabaseOptions): Engine {
  const server = new AttachedServer(url)
  const there = server.account.database
  if (args.length > 0) {
    throw new Error(
      `The database of DATABASE_URL cannot be started with ${args.join(' ')}: unset DATABASE_URL for this.`,
    )
  }
  if (database !== undefined && database !== there) {
    throw new Error(`DATABASE_URL names the schema ${there}, not ${database}: change or unset it.`)
  }
  return server
}
