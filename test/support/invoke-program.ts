import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const repository = join(import.meta.dirname, '../..')
const MAIN = join(repository, 'local/src/cli/main.ts')

/** The command in a process of its own, with a temporary directory of its own, so that what it leaves behind can be found. */
export class Program implements AsyncDisposable {
  stdout = ''
  stderr = ''
  readonly exitCode: Promise<number | null>
  readonly #child
  readonly #temporary: string
  #heard = () => {}

  constructor(args: readonly string[], { cwd = repository, input = '' } = {}) {
    this.#temporary = mkdtempSync(join(tmpdir(), 'wp-'))
    mkdirSync(join(this.#temporary, 'tmp'))
    const { DATABASE_URL: _, ...env } = process.env
    this.#child = spawn(process.execPath, [MAIN, ...args], {
      cwd,
      env: { ...env, TMPDIR: join(this.#temporary, 'tmp'), NODE_NO_WARNINGS: '1' },
    })
    this.#child.stdin.end(input)
    for (const name of ['stdout', 'stderr'] as const) {
      this.#child[name].setEncoding('utf8').on('data', (text: string) => {
        this[name] += text
        this.#heard()
      })
    }
    this.exitCode = once(this.#child, 'close').then(([code]) => code)
  }

  /** Resolves when it has printed so; rejects with all that it printed when it ends before. */
  async prints(wanted: RegExp, times = 1): Promise<void> {
    const pattern = new RegExp(wanted, 'g')
    const printed = () => [...`${this.stdout}\n${this.stderr}`.matchAll(pattern)].length >= times
    await Promise.race([
      new Promise<void>((resolve) => {
        this.#heard = () => printed() && resolve()
        this.#heard()
      }),
      this.exitCode.then((code) => {
        if (!printed())
          throw new Error(`It ended with ${code} before it printed ${wanted}: ${this.stdout}${this.stderr}`)
      }),
    ])
  }

  /** Resolves when there is something in its temporary directory. */
  async hasBegun(): Promise<void> {
    while (this.left().length === 0) await new Promise((resolve) => setTimeout(resolve, 2))
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Reads no more of what it prints, as `head -1`. */
  close(): void {
    this.#child.stdout.destroy()
  }

  /** What lies in its temporary directory. */
  left(): string[] {
    return readdirSync(join(this.#temporary, 'tmp'))
  }

  /** The processes that work in its temporary directory, or on it. */
  processes(): string[] {
    return processes().filter((process) => process.includes(this.#temporary))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.exitCode
    rmSync(this.#temporary, { recursive: true, force: true })
  }
}

/** Each process's command, and on Linux the directory that it works in. */
function processes(): string[] {
  if (process.platform !== 'linux')
    return execFileSync('ps', ['-A', '-o', 'command='], { encoding: 'utf8' }).split('\n')
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map((pid) => {
      try {
        return `${readFileSync(`/proc/${pid}/cmdline`, 'utf8')} ${readlinkSync(`/proc/${pid}/cwd`)}`
      } catch {
        return '' // it ended meanwhile, or is somebody else's
      }
    })
}
