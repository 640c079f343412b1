import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Database, privateDatabase } from './database.ts'
import type { Expected, Verdict } from './verify-token.ts'

const SERVICES = '/etc/pam.d'
/** The last one is where scripts/ensure-pam-plugin.sh puts it. */
const PLUGINS = [
  '/usr/lib/mysql/plugin',
  '/usr/lib64/mariadb/plugin',
  '/usr/lib64/mysql/plugin',
  fileURLToPath(new URL('../../node_modules/.cache/warmpool/plugin', import.meta.url)),
]
const VERIFIER = fileURLToPath(new URL('verify-token.ts', import.meta.url))

/** What this machine lacks for {@link TokenDatabase}, in one sentence; `undefined` where nothing. */
export function missingForTokens(): string | undefined {
  if (process.getuid?.() !== 0 || !existsSync(SERVICES))
    return `IAM tokens are checked by a PAM service, which takes root and a ${SERVICES} to set up.`
  if (!pluginFolder())
    return `IAM tokens are checked by MariaDB's plugin auth_pam.so (Debian's package mariadb-server has it), which is in none of ${PLUGINS.join(', ')}.`
  return undefined
}

function pluginFolder(): string | undefined {
  return PLUGINS.find((folder) => existsSync(join(folder, 'auth_pam.so')))
}

type Keys = Pick<Expected, 'accessKeyId' | 'secretAccessKey' | 'region'>

/**
 * A MariaDB that lets its user `iam` in as RDS does: it asks for the password in clear, inside TLS, and has a program judge
 * whether that is a token signed for it.
 */
export class TokenDatabase implements AsyncDisposable {
  readonly server: Database
  readonly #service: string
  readonly #log: string
  readonly #settings: string
  readonly #expected: Expected

  private constructor(server: Database, keys: Keys) {
    const home = String(server.directory)
    const expected: Expected = { ...keys, host: 'localhost', port: server.port, log: join(home, 'verdicts') }
    const settings = join(home, 'expected.json')
    writeFileSync(expected.log, '')
    this.server = server
    this.#settings = settings
    this.#expected = expected
    this.setAhead(0)
    this.#log = expected.log
    this.#service = `warmpool-${process.pid}-${server.port}`
    process.once('exit', () => this.#remove())
    const program = [process.execPath, VERIFIER, settings].map((part) => `[${part}]`).join(' ')
    writeFileSync(
      join(SERVICES, this.#service),
      `auth required pam_exec.so quiet expose_authtok ${program}\naccount required pam_permit.so\n`,
    )
  }

  static async start(keys: Keys): Promise<TokenDatabase> {
    const server = await privateDatabase({
      args: [`--plugin-dir=${pluginFolder()}`, '--plugin-load-add=auth_pam', '--pam-use-cleartext-plugin=ON'],
    })
    const database = new TokenDatabase(server, keys)
    await server.query(`CREATE USER iam IDENTIFIED VIA pam USING '${database.#service}'`)
    await server.query(`GRANT ALL ON ${server.database}.* TO iam`)
    return database
  }

  /** Sets the clock that tokens are judged by, milliseconds ahead of the machine's. */
  setAhead(ahead: number): void {
    writeFileSync(this.#settings, JSON.stringify({ ...this.#expected, ahead }), { mode: 0o600 })
  }

  /** What was judged since the last call, oldest first. */
  verdicts(): Verdict[] {
    const lines = readFileSync(this.#log, 'utf8').split('\n').filter(Boolean)
    writeFileSync(this.#log, '')
    return lines.map((line) => JSON.parse(line))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remove()
    await this.server[Symbol.asyncDispose]()
  }

  #remove(): void {
    rmSync(join(SERVICES, this.#service), { force: true })
  }
}
