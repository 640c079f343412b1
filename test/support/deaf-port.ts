import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const LISTEN = `const server = require('node:net').createServer()
server.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(server.address().port))`

/** More than a backlog of 1 holds: the kernel takes one more than that. */
const CALLERS = 6

/**
 * A port of 127.0.0.1 that answers nothing, as behind a security group that drops what comes: who listens there is stopped, and
 * its backlog is full, so that the kernel drops every SYN.
 */
export class DeafPort implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly #listener: ChildProcess
  readonly #callers: Socket[]

  private constructor(port: number, listener: ChildProcess) {
    this.port = port
    this.#listener = listener
    this.#callers = Array.from({ length: CALLERS }, () => connect(port, '127.0.0.1').on('error', () => {}))
  }

  static async open(): Promise<DeafPort> {
    const listener = spawn(process.execPath, ['-e', LISTEN], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [told] = await once(listener.stdout, 'data')
    listener.kill('SIGSTOP')
    const deaf = new DeafPort(Number(told), listener)
    await Promise.all(deaf.#callers.slice(0, 2).map((caller) => once(caller, 'connect')))
    return deaf
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const caller of this.#callers) caller.destroy()
    const gone = once(this.#listener, 'exit')
    this.#listener.kill('SIGKILL')
    await gone
  }
}
