import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { processStates } from './process-state.ts'
import { type Watchdog, watch } from './watchdog.ts'

const OUTPUT_KEPT = 256 * 1024
const ASLEEP_WITHIN = 20
const STOPPED_WITHIN = 2000
const LAST_OUTPUT_WITHIN = 200

/** Called for each line the container prints. */
export type OutputListener = (line: string, stream: 'stdout' | 'stderr') => void

/** How to start a container's process. */
export interface ContainerCommand {
  /** The script Node runs. */
  entry: string
  cwd: string
  env: Record<string, string>
  onOutput?: OutputListener | undefined
}

/**
 * The process of one container, with what its handler starts: a process group that is frozen, thawed and killed as one
 * and that does not outlive us.
 */
export class ContainerProcess {
  readonly pid: number
  /** Resolves when the process is gone, with how it ended in Lambda's words: `exit status 1`, `signal SIGKILL`. */
  readonly exited: Promise<string>
  /** What it printed, both streams, but no more than the last 256 to 512 KB. */
  output = ''
  readonly #watchdog: Watchdog
  #frozen = false
  #gone = false

  private constructor(child: ChildProcess, pid: number, onOutput: OutputListener | undefined) {
    this.pid = pid
    this.#watchdog = watch(pid)
    this.#collect(child.stdout, 'stdout', onOutput)
    this.#collect(child.stderr, 'stderr', onOutput)
    this.exited = this.#watchExit(child)
  }

  static async start({ entry, cwd, env, onOutput }: ContainerCommand): Promise<ContainerProcess> {
    const child = spawn(process.execPath, [entry], {
      cwd,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    if (child.pid === undefined) throw (await once(child, 'error'))[0]
    return new ContainerProcess(child, child.pid, onOutput)
  }

  /** Stops every thread; resolves when the kernel says so, or when the process was thawed or ended meanwhile. */
  async freeze(): Promise<void> {
    this.#frozen = true
    // The runtime's Next may have reached us before the call that sent it returned: let it fall asleep in it.
    await this.#allThreads('S', ASLEEP_WITHIN)
    if (!this.#frozen) return
    this.signal('SIGSTOP')
    if (await this.#allThreads('T', STOPPED_WITHIN)) return
    throw new Error(`The process ${this.pid} did not stop within ${STOPPED_WITHIN} ms.`)
  }

  /** Lets it run on. */
  thaw(): void {
    this.#frozen = false
    this.signal('SIGCONT')
  }

  /** Sends a signal to the whole group; one that is gone ignores it. */
  signal(signal: NodeJS.Signals): void {
    if (this.#gone) return
    try {
      process.kill(-this.pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }

  /** Kills it, frozen or not; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** Whether all threads come to a state in time; a thaw or the end of the process makes the question moot. */
  async #allThreads(letter: 'S' | 'T', within: number): Promise<boolean> {
    const giveUp = Date.now() + within
    while (this.#frozen && !processStates(this.pid).every((state) => state === letter || state === 'Z')) {
      if (Date.now() > giveUp) return false
      await delay(1)
    }
    return true
  }

  #collect(stream: Readable | null, name: 'stdout' | 'stderr', onOutput: OutputListener | undefined): void {
    if (!stream) return
    createInterface({ input: stream }).on('line', (line) => {
      this.output += `${line}\n`
      if (this.output.length > 2 * OUTPUT_KEPT) this.output = this.output.slice(-OUTPUT_KEPT)
      onOutput?.(line, name)
    })
  }

  async #watchExit(child: ChildProcess): Promise<string> {
    const closed = once(child, 'close')
    const [code, signal] = await once(child, 'exit')
    this.signal('SIGKILL') // what the handler left running in the group
    this.#gone = true
    this.#watchdog.release()
    // A process that left the group may hold our pipes open for ever.
    await Promise.race([closed, delay(LAST_OUTPUT_WITHIN, undefined, { ref: false })])
    child.stdout?.destroy()
    child.stderr?.destroy()
    return signal === null ? `exit status ${code}` : `signal ${signal}`
  }
}
