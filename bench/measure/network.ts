import { ELSEWHERE } from './cpu.ts'
import { PinnedProcess } from './pinned-process.ts'
import type { WireOrder, WireState } from './wire.ts'

/** A way to the server that counts and delays. */
export class Network implements AsyncDisposable {
  /** Leads to the server this way. */
  readonly url: string
  readonly #wire: PinnedProcess<WireOrder, WireState>

  private constructor(url: string, wire: PinnedProcess<WireOrder, WireState>) {
    this.url = url
    this.#wire = wire
  }

  static async to(databaseUrl: string): Promise<Network> {
    const wire = await PinnedProcess.start<WireOrder, WireState>('wire.ts', ELSEWHERE, [databaseUrl])
    const url = new URL(databaseUrl)
    url.port = String((await wire.ask({})).port)
    return new Network(url.href, wire)
  }

  /** @param delay of a round trip from now on, milliseconds; the TCP handshake itself is not delayed */
  async delay(delay: number): Promise<void> {
    await this.#wire.ask({ delay })
  }

  /** What has passed since it was asked last. */
  async traffic(): Promise<WireState> {
    return this.#wire.ask({})
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#wire[Symbol.asyncDispose]()
  }
}
