import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const repository = join(import.meta.dirname, '../..')
const COMMAND = join(repository, 'local/src/cli/main.ts')

/** `warmpool-local start` in the repository, as a user has it on the screen. */
export class Started {
  readonly lines: string[] = []
  readonly errors: string[] = []
  readonly #child: ChildProcess

  constructor(databaseUrl: string, ...args: string[]) {
    this.#child = spawn(process.execPath, [COMMAND, 'start', ...args], {
      cwd: repository,
      env: { ...process.env, DATABASE_URL: databaseUrl, NO_COLOR: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const [stream, lines] of [
      [this.#child.stdout, this.lines],
      [this.#child.stderr, this.errors],
    ] as const)
      if (stream) createInterface({ input: stream }).on('line', (line) => lines.push(line))
  }

  get url(): string | undefined {
    return this.lines.map((line) => /http:\/\/\S+/.exec(line)?.[0]).find(Boolean)
  }

  /** The processes of its containers. */
  get containers(): number[] {
    const all = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' })
    return all.split('\n').flatMap((line) => {
      const [, pid, parent, args = ''] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      return Number(parent) === this.#child.pid && args.startsWith(process.execPath) ? [Number(pid)] : []
    })
  }

  interrupt(): void {
    this.#child.kill('SIGINT')
  }

  /** The exit code. */
  async end(): Promise<unknown> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'close')
    return this.#child.exitCode
  }

  async [Symbol.asyncDispose]() {
    this.#child.kill('SIGKILL')
    await this.end()
  }
}
