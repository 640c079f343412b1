import { setTimeout as sleep } from 'node:timers/promises'

/** One way through a {@link Network}, of all its connections together. */
export interface Direction {
  /** How many have come to the network on this way, whether or not they got through. */
  readonly bytes: number
  /**
   * How long everything takes on this way, milliseconds; default 0. What is under way when it changes keeps its own (what
   * still waits for its share of the {@link bandwidth} is not under way yet), and nothing overtakes anything else of its
   * connection. A connection is opened after one `delay` to the server.
   *
   * @throws RangeError unless it is a number from 0 to 2147483647, which is as long as a timer runs
   */
  delay: number
  /**
   * How much gets through, bytes per second, shared by all connections; default undefined, as much as there is.
   *
   * @throws RangeError unless it is undefined or a number above 0
   */
  bandwidth: number | undefined
  /** Lets nothing through any more, not even the end of a connection: the other side just hears nothing. */
  hold(): void
  /** Lets through what was held, in order, and what comes. */
  letGo(): void
}

/** Why nothing gets through; one reason may end while another goes on. */
export type Reason = 'hold' | 'blackhole' | 'freeze'

/** As long as one timer of Node.js runs, milliseconds; a longer one would be over at once. */
const LONGEST = 2 ** 31 - 1

/** What is let through at once under a limited bandwidth: so much that a trickle is one, and timers are not the limit. */
const PIECES_PER_SECOND = 100

export class Way implements Direction {
  bytes = 0
  #delay = 0
  #bandwidth: number | undefined
  /** When what has been let in is through at this bandwidth, milliseconds of performance.now(). */
  #busyUntil = 0
  #cut: { left: number; now: () => void } | undefined
  readonly #shut = new Set<Reason>()
  #opened = Promise.withResolvers<void>()

  get delay(): number {
    return this.#delay
  }

  set delay(delay: number) {
    this.#delay = milliseconds('delay', delay)
  }

  get bandwidth(): number | undefined {
    return this.#bandwidth
  }

  set bandwidth(bandwidth: number | undefined) {
    const accepted = 'bytes per second above 0, or undefined for no limit'
    this.#bandwidth =
      bandwidth === undefined ? bandwidth : checked('bandwidth', bandwidth, bandwidth > 0, accepted)
    // What was to go at the old one delays nothing that goes at the new one.
    this.#busyUntil = Math.min(this.#busyUntil, performance.now())
  }

  hold(): void {
    this.shut('hold')
  }

  letGo(): void {
    this.open('hold')
  }

  shut(reason: Reason): void {
    this.#shut.add(reason)
  }

  open(reason: Reason): void {
    if (!this.#shut.delete(reason) || this.#shut.size > 0) return
    this.#opened.resolve()
    this.#opened = Promise.withResolvers()
  }

  /** Lets `bytes` more through, and then `now` cuts. Of 0, the first that comes is the one that does not get through. */
  cutAfter(bytes: number, now: () => void): void {
    const left = checked('bytes', bytes, bytes >= 0, 'bytes from 0 on')
    if (this.#cut)
      throw new Error(
        `A cut after ${this.#cut.left} more bytes this way is pending; callOff() takes it back.`,
      )
    this.#cut = { left, now }
  }

  /** @returns whether there was a cut to come */
  callOff(): boolean {
    const pending = this.#cut !== undefined
    this.#cut = undefined
    return pending
  }

  /**
   * Takes `chunk` apart as the bandwidth wants it. What nobody takes any more uses none.
   *
   * @param came when it came, milliseconds of performance.now()
   */
  async transmit(
    chunk: Buffer,
    came: number,
    taken: () => boolean,
    through: (piece: Buffer) => void,
  ): Promise<void> {
    let rest = chunk
    while (this.#bandwidth !== undefined && rest.length > 0 && taken()) {
      const piece = rest.subarray(0, Math.max(1, Math.floor(this.#bandwidth / PIECES_PER_SECOND)))
      rest = rest.subarray(piece.length)
      // From when it could have been sent, not from now: a late timer must not make the network slower.
      this.#busyUntil = Math.max(came, this.#busyUntil) + (1000 * piece.length) / this.#bandwidth
      await until(this.#busyUntil)
      through(piece)
    }
    if (rest.length > 0) through(rest)
  }

  /** Resolves when what has come through the delay at `due`, milliseconds of performance.now(), may get through. */
  async passable(due: number): Promise<void> {
    await until(due)
    while (this.#shut.size > 0) await this.#opened.promise
  }

  /** Hands on what may get through before a cut. */
  handOn(piece: Buffer, give: (bytes: Buffer) => void): void {
    const cut = this.#cut
    give(cut ? piece.subarray(0, cut.left) : piece)
    if (!cut) return
    cut.left = Math.max(0, cut.left - piece.length)
    if (cut.left > 0) return
    this.#cut = undefined
    cut.now()
  }
}

/** Timers know whole milliseconds; less is not waited for. They keep no process alive: the sockets do. */
async function until(time: number): Promise<void> {
  for (;;) {
    const rest = time - performance.now()
    if (rest < 1) return
    await sleep(Math.min(rest, LONGEST), undefined, { ref: false })
  }
}

/** A time that a timer can hold. @throws RangeError */
export function milliseconds(name: string, value: number): number {
  return checked(name, value, value >= 0 && value <= LONGEST, `milliseconds from 0 to ${LONGEST}`)
}

/** For callers without types, too. */
export function checked(name: string, value: number, accepted: boolean, what: string): number {
  if (typeof value === 'number' && Number.isFinite(value) && accepted) return value
  const received = typeof value === 'number' ? value : `${String(value)} (a ${typeof value})`
  throw new RangeError(`${name}: received ${received}; accepted: ${what}.`)
}
