import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { peakMemory } from './memory.ts'
import type { Output } from './output.ts'
import { PrintedFile } from './printed-file.ts'
import { descendantsOf } from './process-family.ts'
import { processStates } from './process-state.ts'
import { type Watchdog, watch } from './watchdog.ts'

const ASLEEP_WITHIN = 20
const STOPPED_WITHIN = 2000

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
 * and that does not outlive us. On Linux also what it has started in groups of their own, as long as the one that started it lives.
 */
export class ContainerProcess {
  readonly pid: number
  /** Resolves when the process is gone, with how it ended in Lambda's words: `exit status 1`, `signal: killed`. */
  readonly exited: Promise<string>
  readonly #watchdog: Watchdog
  readonly #printed: readonly PrintedFile[]
  /** Descendants, perhaps in other groups, as of the last signal; none while it runs after a thaw. */
  #family: readonly number[] = []
  /** It was sent a signal to end by. */
  #leaving = false
  #peakMemory = 0
  #frozen = false
  #gone = false

  private constructor(child: ChildProcess, pid: number, printed: readonly PrintedFile[]) {
    this.pid = pid
    this.#watchdog = watch(pid)
    this.#printed = printed
    this.exited = this.#watchExit(child)
  }

  /** @throws if there is no such file, or it may not be executed */
  static async start({ file, args, cwd, env, output }: ContainerCommand): Promise<ContainerProcess> {
    const printed = (['stdout', 'stderr'] as const).map(
      (name) => new PrintedFile((line) => output.add(line, name)),
    )
    const stdio = ['ignore' as const, ...printed.map(({ fd }) => fd)]
    const child = spawn(file, args, { cwd, env, stdio, detached: true })
    if (child.pid !== undefined) return new ContainerProcess(child, child.pid, printed)
    for (const one of printed) one.end()
    throw (await once(child, 'error'))[0]
  }

  /** Passes on what it has printed until now. */
  readOutput(): void {
    for (const one of this.#printed) one.read()
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
    await this.#until(() => this.#areAll('S', [this.pid]), ASLEEP_WITHIN)
    if (!this.#frozen) return
    this.signal('SIGSTOP')
    if (await this.#until(() => this.#isFamilyStopped(), STOPPED_WITHIN)) {
      if (this.#frozen) for (const one of this.#printed) one.reclaim()
      return
    }
    throw new Error(`The process ${this.pid} did not stop within ${STOPPED_WITHIN} ms.`)
  }

  /** Lets it run on. */
  thaw(): void {
    this.#frozen = false
    this.signal('SIGCONT')
    if (!this.#leaving) this.#family = [] // they may end from now on, and their numbers become those of others
  }

  /** Sends a signal to the whole group, and to what it has started outside of it; who is gone ignores it. */
  signal(signal: NodeJS.Signals): void {
    if (this.#gone) return
    if (signal !== 'SIGCONT') this.#family = [...new Set([...this.#family, ...descendantsOf(this.pid)])]
    this.#leaving ||= !['SIGSTOP', 'SIGCONT'].includes(signal)
    send(-this.pid, signal)
    // What asks to end, rather than makes, is for those that the platform has started.
    if (['SIGSTOP', 'SIGCONT', 'SIGKILL'].includes(signal)) this.#signalFamily(signal)
  }

  #signalFamily(signal: NodeJS.Signals): void {
    for (const pid of this.#family) send(pid, signal)
  }

  /** Kills it, frozen or not; resolves when it is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.exited
  }

  /** Whether it comes true in time; a thaw or the end of the process makes the question moot. */
  async #until(isTrue: () => boolean, within: number): Promise<boolean> {
    const giveUp = Date.now() + within
    while (this.#frozen && !isTrue()) {
      if (Date.now() > giveUp) return false
      await delay(1)
    }
    return true
  }

  #areAll(letter: 'S' | 'T', pids: readonly number[]): boolean {
    return pids.flatMap(processStates).every((state) => state === letter || state === 'Z')
  }

  /** What is outside of the group may have started others before the signal came to it. */
  #isFamilyStopped(): boolean {
    if (this.#gone) return true
    this.#family = descendantsOf(this.pid)
    if (this.#areAll('T', [this.pid, ...this.#family])) return true
    this.#signalFamily('SIGSTOP')
    return false
  }

  async #watchExit(child: ChildProcess): Promise<string> {
    const [code, signal] = await once(child, 'exit')
    send(-this.pid, 'SIGKILL') // what the handler left running in the group
    this.#signalFamily('SIGKILL')
    this.#gone = true
    this.#watchdog.release()
    for (const one of this.#printed) one.end()
    return signal === null ? `exit status ${code}` : `signal: ${SIGNALS[signal as NodeJS.Signals] ?? signal}`
  }
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // Gone, or, outside of the group, not ours to end.
    if (!['ESRCH', 'EPERM'].includes(String((error as NodeJS.ErrnoException).code))) throw error
  }
}
