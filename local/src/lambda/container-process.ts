import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { peakMemory } from './memory.ts'
import type { Output } from './output.ts'
import { processStates } from './process-state.ts'
import { type Watchdog, watch } from './watchdog.ts'

const ASLEEP_WITHIN = 20
const STOPPED_WITHIN = 2000
const LAST_OUTPUT_WITHIN = 200

export type { OutputListener } from './output.ts'

/** As Go, which Lambda is written in, names the signals that end a process. */
const SIGNALS: Partial<Record<NodeJS.Signals, string>> = {
  SIGKILL: 'killed',
  SIGTERM: 'terminated',
  SIGABRT: 'aborted',
  SIGSEGV: 'segmentation fault',
}

/** How to start one of a container's processes. */
export interface ContainerCommand {
  file: string
  args: readonly string[]
  cwd: string
  env: Record<string, string>
  output: Output
}

/**
 * One process of a container, runtime or extension, with what it starts: a process group that is frozen, thawed and killed as one
 * and that does not outlive us.
 */
export class ContainerProcess {
  readonly pid: number
  /** Resolves when the process is gone, with how it ended in Lambda's words: `exit status 1`, `signal: killed`. */
  readonly exited: Promise<string>
  readonly #watchdog: Watchdog
  #peakMemory = 0
  #frozen = false
  #gone = false

  private constructor(child: ChildProcess, pid: number, output: Output) {
    this.pid = pid
    this.#watchdog = watch(pid)
    collect(child.stdout, 'stdout', output)
    collect(child.stderr, 'stderr', output)
    this.exited = this.#watchExit(child)
  }

  /** @throws if there is no such file, or it may not be executed */
  static async start({ file, args, cwd, env, output }: ContainerCommand): Promise<ContainerProcess> {
    const child = spawn(file, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    if (child.pid === undefined) throw (await once(child, 'error'))[0]
    return new ContainerProcess(child, child.pid, output)
  }

  /** The most memory that it and what it started have been seen to use, in bytes. */
  peakMemory(): number {
    if (!this.#gone) this.#peakMemory = Math.max(this.#peakMemory, peakMemory(this.pid))
    return this.#peakMemory
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
    return signal === null ? `exit status ${code}` : `signal: ${SIGNALS[signal as NodeJS.Signals] ?? signal}`
  }
}

function collect(stream: Readable | null, name: 'stdout' | 'stderr', output: Output): void {
  if (stream) createInterface({ input: stream }).on('line', (line) => output.add(line, name))
}
