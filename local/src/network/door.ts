import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { freePort } from '../database/port.ts'

/** Tries to get a port that nobody else has taken in the meantime. */
const TRIES = 20

/** Where clients come in: a port of 127.0.0.1 that can be closed and opened again, always the same. */
export class Door {
  readonly port: number
  readonly #come: (client: Socket) => void
  #server: Server | undefined

  private constructor(port: number, come: (client: Socket) => void) {
    this.port = port
    this.#come = come
  }

  static async open(come: (client: Socket) => void): Promise<Door> {
    for (let tries = 1; ; tries++) {
      // Not one that the kernel hands out by itself, or somebody may be given it while the door is shut.
      const door = new Door(await freePort(), come)
      try {
        await door.open()
        return door
      } catch (error) {
        if (tries === TRIES) throw error
      }
    }
  }

  async open(): Promise<void> {
    if (this.#server) return
    // What ends one way may still have something to say the other way.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, this.#come)
    this.#server = server
    server.listen(this.port, '127.0.0.1')
    try {
      // It is closed without ever having listened when it is shut right away.
      await Promise.race([once(server, 'listening'), once(server, 'close')])
    } catch (error) {
      if (this.#server === server) this.#server = undefined
      const { code } = error as NodeJS.ErrnoException
      throw new Error(`The network cannot take connections on port ${this.port}: ${code}.`, { cause: error })
    }
  }

  /** From now on a client is refused. Those that are in stay in, and are not waited for. */
  shut(): void {
    this.#server?.close()
    this.#server = undefined
  }
}
