import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { processStates } from '../../local/src/lambda/process-state.ts'

/**
 * A process of its own that can be put to sleep, as a container's is: every thread stands still, while the kernel goes on taking
 * what comes for it. What it runs is a file that answers messages with messages.
 */
export class SleepingProcess implements AsyncDisposable {
  readonly #child: ChildProcess
  /** All that it has said. */
  readonly #said: unknown[] = []
  #hears: () => void = () => {}

  /** @param file whole path of a TypeScript file */
  constructor(file: string, env: Record<string, string> = {}) {
    this.#child = fork(file, { env: { ...process.env, ...env }, execArgv: [] })
    this.#child.on('message', (message) => {
      this.#said.push(message)
      this.#hears()
    })
    this.#child.on('exit', () => this.#hears())
  }

  say(message: object): void {
    this.#child.send(message)
  }

  /** Resolves with what it says that fits, said already or not. @throws Error when it has ended without that */
  async hear<T>(fits: (message: T) => boolean): Promise<T> {
    for (;;) {
      const said = (this.#said as T[]).find(fits)
      if (said !== undefined) return said
      if (this.#child.exitCode !== null) throw new Error(`It has ended with ${this.#child.exitCode}.`)
      await new Promise<void>((resolve) => {
        this.#hears = resolve
      })
    }
  }

  /** Puts it to sleep until `work` is done, and for so many milliseconds at least. */
  async sleep(least: number, work: () => Promise<unknown>): Promise<void> {
    const pid = this.#child.pid as number
    this.#child.kill('SIGSTOP')
    while (processStates(pid).some((state) => state !== 'T')) await sleep(1)
    await Promise.all([sleep(least), work()])
    this.#child.kill('SIGCONT')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }
}
