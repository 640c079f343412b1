import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** After which nothing more is expected of a program, milliseconds. */
const PATIENCE = 30_000
/** What it has to end in when it is asked to, milliseconds. */
const GRACE = 5000

const OSLS = fileURLToPath(new URL('../../node_modules/osls/bin/serverless.js', import.meta.url))
const WARMPOOL_LOCAL = fileURLToPath(new URL('../../local/dist/cli/main.js', import.meta.url))
export const SERVICE = fileURLToPath(new URL('service', import.meta.url))

export interface ProgramOptions {
  readonly env: Readonly<Record<string, string>>
  /** Default `service/`. */
  readonly cwd?: string
}

/** A tool's process, in a group of its own, so that its children end with it. */
export class Program implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #ended: Promise<unknown>
  #printed = ''
  #answer = ''

  constructor(
    program: 'osls' | 'warmpool-local',
    args: readonly string[],
    { env, cwd = SERVICE }: ProgramOptions,
  ) {
    const { DATABASE_URL: _, ...own } = process.env
    this.#child = spawn(process.execPath, [program === 'osls' ? OSLS : WARMPOOL_LOCAL, ...args], {
      cwd,
      // Nobody here has an account, and nobody asks for credentials.
      env: { ...own, AWS_EC2_METADATA_DISABLED: 'true', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    this.#ended = once(this.#child, 'close')
    this.#child.stdout?.on('data', (chunk) => {
      this.#answer += chunk
      this.#printed += chunk
    })
    this.#child.stderr?.on('data', (chunk) => {
      this.#printed += chunk
    })
  }

  /** Both streams. */
  get printed(): string {
    return this.#printed
  }

  /** What came on its standard output, once it has ended or has not for too long. */
  async answer(): Promise<string> {
    await this.#within(PATIENCE)
    return this.#answer
  }

  /** Resolves with what `pattern` found in what was printed. @throws Error when it does not come, or the program ends before */
  async says(pattern: RegExp): Promise<RegExpMatchArray> {
    for (const end = Date.now() + PATIENCE; ; ) {
      const found = this.#printed.match(pattern)
      if (found) return found
      if (this.#child.exitCode !== null || Date.now() > end) {
        throw new Error(`No ${pattern} from the program, but:\n${this.#printed.slice(-2000)}`)
      }
      await sleep(50)
    }
  }

  /** As with Ctrl-C. */
  async interrupt(): Promise<void> {
    this.#signal('SIGINT')
    await this.#within(GRACE)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#signal('SIGKILL')
    await this.#ended
  }

  async #within(milliseconds: number): Promise<void> {
    await Promise.race([this.#ended, sleep(milliseconds, undefined, { ref: false })])
  }

  #signal(signal: NodeJS.Signals): void {
    try {
      process.kill(-Number(this.#child.pid), signal)
    } catch {
      // gone already
    }
  }
}
