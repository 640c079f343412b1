import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

// `cat` ends when the pipe does, which is when the process at its other end ends, however it ends. The rename comes
// first: a command that has not written its pid by then can no longer do so, and so never starts. One that has may make
// the directory once more before it is killed.
const CLEAN_UP = `
cat >/dev/null
mv "$0" "$0.gone" || exit 0
read -r pid <"$0.gone/pid" && kill -s KILL -- "-$pid"
"$@"
for wait in 0 0.1 0.5 2; do sleep "$wait"; rm -rf -- "$0" "$0.gone" && exit 0; done
`

// The command's own process says who it is before it becomes the command: no moment is left in which it runs unknown.
const BECOME = 'echo $$ >"$0/new" && mv "$0/new" "$0/pid" && exec "$@"'

// A Unix socket's path may have 103 bytes on macOS, and macOS's temporary directory is a long one.
const LONGEST_PARENT = 70

/**
 * A private temporary directory and the one process at work in it. Both are gone when {@link GuardedDirectory.remove}
 * is called or this process ends, be it by an exit, a crash, Ctrl-C or `kill -9`: a small shell in a session of its own
 * holds the other end of a pipe and cleans up when that breaks. It does not keep this process alive.
 */
export class GuardedDirectory implements AsyncDisposable {
  readonly path: string
  readonly #guard: ChildProcess

  /** @param cleanUp a command to run as well when the directory goes */
  constructor(cleanUp: readonly string[] = []) {
    const parent = tmpdir().length > LONGEST_PARENT ? '/tmp' : tmpdir()
    this.path = join(parent, `warmpool-${randomBytes(6).toString('hex')}`)
    this.#guard = spawn('/bin/sh', ['-c', CLEAN_UP, this.path, ...cleanUp], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
    this.#guard.unref()
    const pipe = this.#guard.stdin
    if (pipe instanceof Socket) pipe.unref()
    mkdirSync(this.path, { mode: 0o700 })
  }

  /** Starts a command in the directory; what it prints goes to {@link GuardedDirectory.log}. */
  launch(command: string, args: readonly string[]): ChildProcess {
    const log = openSync(join(this.path, 'log'), 'w', 0o600)
    const child = spawn('/bin/sh', ['-c', BECOME, this.path, command, ...args], {
      cwd: this.path,
      // A session of its own: the terminal's Ctrl-C is for us, and the group can be killed as one.
      detached: true,
      stdio: ['ignore', log, log],
    })
    closeSync(log)
    // Its number may soon be another process's.
    child.once('exit', () => rmSync(join(this.path, 'pid'), { force: true }))
    return child
  }

  /** What the last command has printed. */
  get log(): string {
    return readFileSync(join(this.path, 'log'), 'utf8')
  }

  /** Kills the process and deletes the directory. */
  async remove(): Promise<void> {
    if (this.#guard.exitCode !== null || this.#guard.signalCode !== null) return
    this.#guard.ref()
    this.#guard.stdin?.end()
    await once(this.#guard, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.remove()
  }
}
