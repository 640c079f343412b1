import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { onCpu } from './cpu.ts'

/**
 * A process of this directory that answers orders, held on certain CPUs. What is compared runs in processes of its own: in one,
 * the JIT's view of mysql2 is formed by all, and a contestant measured against itself is up to 10 % off.
 */
export class PinnedProcess<Order, Answer> implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #died: Promise<never>

  private constructor(child: ChildProcess, file: string) {
    this.#child = child
    this.#died = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`bench/measure/${file} ended before its time (${code ?? signal}).`)
    })
    this.#died.catch(() => {})
  }

  /** Starts it; resolves when it takes orders. */
  static async start<Order, Answer>(
    file: string,
    cpus: string,
    args: readonly string[] = [],
    env: NodeJS.ProcessEnv = {},
  ): Promise<PinnedProcess<Order, Answer>> {
    const path = fileURLToPath(new URL(file, import.meta.url))
    const [program, ...rest] = onCpu(cpus, [process.execPath, path, ...args])
    const child = spawn(program, rest, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    })
    const started = new PinnedProcess<Order, Answer>(child, file)
    await started.#message()
    return started
  }

  async ask(order: Order): Promise<Answer> {
    const answer = this.#message()
    this.#child.send(order as object)
    return (await answer) as Answer
  }

  /** Without an IPC channel it closes what it has open, and ends by itself. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.connected) this.#child.disconnect()
    await this.#died.catch(() => {})
  }

  async #message(): Promise<unknown> {
    const [message] = await Promise.race([once(this.#child, 'message'), this.#died])
    return message
  }
}
