import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

/** A server's executable, with what its kind needs to make a data directory. */
export type ServerBinary =
  | { readonly kind: 'mariadb'; readonly path: string; readonly installer: string }
  | { readonly kind: 'mysql'; readonly path: string }

// Servers are often kept off the PATH: Debian, Fedora, Homebrew on both kinds of Mac, Oracle's macOS package.
const FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/libexec',
  '/opt/homebrew/bin',
  '/opt/homebrew/opt/mariadb/bin',
  '/opt/homebrew/opt/mysql/bin',
  '/usr/local/opt/mariadb/bin',
  '/usr/local/opt/mysql/bin',
  '/usr/local/mysql/bin',
]

/** The folders in which programs are looked for: the PATH's, then those where servers are usually kept. */
export function programFolders(path = ''): string[] {
  return [...path.split(delimiter).filter(Boolean), ...FOLDERS]
}

/** The first of the names that is an executable file in one of the folders; names count before folders. */
export async function findProgram(names: string[], folders: readonly string[]): Promise<string | undefined> {
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name)
      const found = await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
      if (found) return path
    }
  }
  return undefined
}

/** Finds MariaDB, else MySQL. @throws Error when a MariaDB lacks the program that makes data directories */
export async function findServer(folders: readonly string[]): Promise<ServerBinary | undefined> {
  const path = await findProgram(['mariadbd', 'mysqld'], folders)
  if (path === undefined) return undefined
  // The name does not tell: many systems have a mysqld that is MariaDB.
  const { stdout } = await promisify(execFile)(path, ['--no-defaults', '--version'])
  if (!stdout.includes('MariaDB')) return { kind: 'mysql', path }
  const installer = await findProgram(['mariadb-install-db', 'mysql_install_db'], folders)
  if (installer !== undefined) return { kind: 'mariadb', path, installer }
  throw new Error(`${path} is there but mariadb-install-db is not: reinstall MariaDB's server package.`)
}
