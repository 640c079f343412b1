import { setImmediate as turn } from 'node:timers/promises'
import { createPool, type Pool, type PoolOptions } from '../../src/index.ts'
import { type Cut, TcpProxy } from './tcp-proxy.ts'

export type Way = 'toServer' | 'toClient'
export type Bytes = Record<Way, number>

/** What is cut. */
export interface Exchange {
  /** What comes before the first byte that counts. */
  readonly before: (pool: Pool, newNote: () => string) => Promise<unknown>
  /** How many notes it inserts. */
  readonly inserts: number
  /** @param here is told when it has come to `pause`, of which its length is measured as well */
  readonly run: (pool: Pool, notes: string[], here: () => void) => Promise<unknown>
}

/** How long an exchange is, each way. */
export interface Measure {
  readonly whole: Bytes
  readonly here: Bytes
}

/** Where and how an exchange is cut: after so many bytes on the one way. */
export interface Place {
  readonly way: Way
  readonly how: Cut
  readonly after: number
}

/** What came of it. */
export interface CutExchange extends Place {
  readonly notes: readonly string[]
  readonly told: PromiseSettledResult<unknown>
}

let lastNote = 0
/** All of one length, so that an exchange is always as long as the last time. */
export const newNote = () => String(++lastNote).padStart(8, '0')

/** A pool of one connection behind a proxy of its own. */
export class CuttingLane implements AsyncDisposable {
  readonly proxy: TcpProxy
  readonly #pool: Pool
  readonly #exchange: Exchange

  private constructor(proxy: TcpProxy, pool: Pool, exchange: Exchange) {
    this.proxy = proxy
    this.#pool = pool
    this.#exchange = exchange
  }

  static async open(
    exchange: Exchange,
    to: { host: string; port: number },
    optionsFor: (proxy: TcpProxy) => PoolOptions,
  ): Promise<CuttingLane> {
    const proxy = await TcpProxy.to(to)
    return new CuttingLane(proxy, createPool({ ...optionsFor(proxy), connectionLimit: 1 }), exchange)
  }

  /** Lets it through once. */
  async measure(): Promise<Measure> {
    await this.before()
    const start = this.#bytes()
    let here = start
    await this.#exchange.run(this.#pool, this.#newNotes(), () => {
      here = this.#bytes()
    })
    return { whole: difference(start, this.#bytes()), here: difference(start, here) }
  }

  async cut(place: Place): Promise<CutExchange> {
    await this.before()
    const closed = this.proxy.cutAfter(place.after, place.way, place.how)
    const notes = this.#newNotes()
    const [told] = await Promise.allSettled([this.#exchange.run(this.#pool, notes, () => {})])
    if (!this.proxy.callOff()) await closed // one over TLS may have been shorter than the one that was measured
    for (const _ of [1, 2]) await turn() // a whole turn of the event loop, in which the client's end hears of it
    return { ...place, notes, told: told as PromiseSettledResult<unknown> }
  }

  /** It is also the next call after a cut, and it has to succeed. */
  async before(): Promise<void> {
    await this.#exchange.before(this.#pool, newNote)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.end({ timeout: 1000 })
    await this.proxy[Symbol.asyncDispose]()
  }

  #newNotes(): string[] {
    return Array.from({ length: this.#exchange.inserts }, newNote)
  }

  #bytes(): Bytes {
    return { toServer: this.proxy.toServer.bytes, toClient: this.proxy.toClient.bytes }
  }
}

function difference(start: Bytes, end: Bytes): Bytes {
  return { toServer: end.toServer - start.toServer, toClient: end.toClient - start.toClient }
}

export function placeOf({ way, how, after }: Place): string {
  return `${how} after ${after} bytes ${way}`
}

/** Every `step`th place to cut at, those by RST between those by FIN, and the last. */
export function* placesIn(whole: Bytes, step: number): Generator<Place> {
  for (const way of ['toServer', 'toClient'] as const)
    for (const how of ['FIN', 'RST'] as const) {
      const first = how === 'FIN' ? 0 : Math.floor(step / 2)
      for (let after = first; after < whole[way]; after += step) yield { way, how, after }
      yield { way, how, after: whole[way] }
    }
}
