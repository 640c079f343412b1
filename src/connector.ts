import { type Alarm, alarmAt, clock, turn } from './clock.ts'
import { connectFailed } from './connect-failed.ts'
import { loginInTime } from './credentials/login.ts'
import { toldOf } from './credentials/thrown.ts'
import { type Address, connectionLost, escapeId, escapeValue, noAnswer } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import { Link } from './link.ts'
import type { ConnectionSettings, Settings } from './options.ts'
import { inTime, Patience, sleep } from './patience.ts'
import { backoff } from './policy/backoff.ts'
import { connectTrouble, hadNoTime, moreTelling } from './policy/connect-trouble.ts'
import { accessDenied, connectRetryable, type Fault } from './policy/faults.ts'
import { CLEAN } from './policy/session.ts'
import type { ServerLease } from './server-lease.ts'
import { placeOf, type Target, targetOf } from './target/target.ts'
import { Writer } from './writer.ts'

/** How far the opening of a link has come, for the messages of those who wait for it. */
export interface Progress {
  to: string
  attempt: number
  /** What was in the way of the attempt before. */
  trouble?: string
  /** When whoever waits for it wants it at the latest; by the clock, milliseconds. */
  wantedBy?: number
  /** Of the attempt under way. */
  link?: Pick<Link, 'stage'>
}

/** Opens links: credentials, handshake, retries, and the one SET that makes a session ours. */
export class Connector {
  readonly #settings: Settings
  readonly #lease: ServerLease
  readonly #tell: (doubt: string) => void
  readonly #writer = new Writer()
  #target: Promise<Target> | undefined

  /** @param tell hears what a person should know about where it connects, and as whom */
  constructor(settings: Settings, lease: ServerLease, tell: (doubt: string) => void = () => {}) {
    this.#settings = settings
    this.#lease = lease
    this.#tell = tell
    // A target that is known already is checked now, when the pool is created.
    if (typeof settings.connection !== 'function')
      this.#target = Promise.resolve(this.#checked(settings.connection))
  }

  /** Known after the first connection at the latest. */
  proxied = false

  /** For how long the server keeps a session that it hears nothing from, milliseconds. */
  get lease(): number {
    return this.#lease.inForce
  }

  /**
   * Opens a link, trying again while that can help.
   *
   * @param until by the clock, milliseconds. Time asleep does not count
   * @param signal gives up at once
   * @param progress is kept up to date
   * @throws WarmpoolError `CONNECT_FAILED` or `CREDENTIALS_FAILED`
   */
  async open(until: number, signal: AbortSignal, progress: Progress): Promise<Link> {
    const started = clock.now()
    const patience = new Patience(until, signal)
    const target = await this.#knownTarget(patience)
    progress.to = placeOf(target)
    let renewed = false
    let refused: number | undefined
    let told: (Error & Fault) | undefined
    for (let attempt = 1; ; attempt++) {
      progress.attempt = attempt
      const login = await loginInTime(target, patience, refused)
      const began = clock.now()
      try {
        const link = new Link(target, login)
        progress.link = link
        const waited = () => clock.now() > (started + (progress.wantedBy ?? until)) / 2
        return await this.#opened(link, patience, (opened) => this.#makeOurs(opened, target.proxied, waited))
      } catch (error) {
        const fault = error as Error & Fault
        const lasted = clock.now() - began
        if (hadNoTime(fault, lasted)) Object.assign(fault, { stage: 'waiting' })
        if (accessDenied(fault) && login.signed) Object.assign(fault, { signed: login.signed })
        told = moreTelling(told, fault, lasted)
        progress.trouble = connectTrouble(told).sentence
        const renew: boolean = target.credentials !== undefined && accessDenied(fault) && !renewed
        const pause = renew || fault.code === OVERSLEPT ? 0 : backoff(attempt, clock.now() - started)
        renewed ||= renew
        refused = renew ? began : undefined
        const again = (renew || connectRetryable(fault)) && patience.allows(pause)
        if (again) await sleep(pause, patience)
        if (!again || !patience.allows(0))
          throw connectFailed(target, login, attempt, clock.now() - started, told)
      }
    }
  }

  /**
   * The control connection: to one server's own address, and no further than the handshake. One attempt, or two with credentials.
   *
   * @throws whatever was in the way
   */
  async control(address: Address | undefined, until: number): Promise<Link> {
    const patience = new Patience(until, new AbortController().signal)
    const target = await this.#knownTarget(patience)
    const dial = async (refused?: number): Promise<Link> => {
      const login = await loginInTime(target, patience, refused)
      const began = clock.now()
      return this.#opened(new Link(target, login, address), patience).catch((fault) => {
        if (refused !== undefined || !target.credentials || !accessDenied(fault)) throw fault
        return dial(began)
      })
    }
    return dial()
  }

  async #makeOurs(link: Link, proxied: boolean, waited: () => boolean): Promise<void> {
    if (!proxied) await this.#writer.check(link, waited)
    await this.setUp(link, false, proxied)
    this.#writer.watch(link)
  }

  /** Waits until the server has let a link in, and it has been made ready; destroys it when that fails, or takes too long. */
  async #opened(
    link: Link,
    patience: Patience,
    ready: (link: Link) => Promise<void> = async () => {},
  ): Promise<Link> {
    let grace: Alarm | undefined
    // As long as something comes, the server has not given it up.
    const listen = () => {
      const { heard } = link
      const silent = () => (link.heard > heard ? listen() : link.destroy(overslept()))
      grace = alarmAt(clock.now() + this.#settings.validateTimeout, silent)
    }
    const settled = patience.watch({
      giveUp: () => link.destroy(noAnswer()),
      woken: () => {
        grace?.clear()
        listen()
      },
    })
    try {
      await link.opened
      await ready(link)
      await new Promise<void>(turn) // after a freeze the end may be in the kernel, right behind the last answer
      if (link.dead) throw connectionLost()
      return link
    } catch (error) {
      link.destroy()
      await link.closed // one place, one socket: the next attempt starts when this one is gone
      throw error
    } finally {
      grace?.clear()
      settled()
    }
  }

  /** There may have been a failover: what is opened soon after is not to lead to the old writer. */
  doubtWriter(): void {
    this.#writer.doubt()
  }

  /**
   * Makes a new or reset session ours: our lease on the server and the user's variables, in one SET.
   *
   * @param reset it has lost what the driver had asked for in the handshake, too
   */
  setUp(link: Link, reset: boolean, proxied = this.proxied): Promise<void> {
    const assignments = Object.entries(this.#settings.session).map(
      ([name, value]) => `SESSION ${escapeId(name)} = ${escapeValue(value)}`,
    )
    if (reset && link.ignoresSpace)
      assignments.unshift(`SESSION sql_mode = CONCAT(@@sql_mode, ',IGNORE_SPACE')`)
    if (!link.autocommits) assignments.unshift('SESSION autocommit = 1')
    if (!proxied) assignments.unshift(`SESSION wait_timeout = ${this.#lease.seconds}`)
    if (assignments.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      link.query(`SET ${assignments.join(', ')}`, undefined, (error) => {
        if (error) return reject(error)
        link.mark(CLEAN)
        resolve()
      })
    })
  }

  /** A failure is forgotten, so that the next caller asks again; so is a question that got no answer in time. */
  async #knownTarget(patience: Patience): Promise<Target> {
    this.#target ??= this.#askTarget()
    const asked = this.#target
    try {
      return await inTime(asked, patience, () => connectionFailed('gave no answer in time'))
    } catch (error) {
      if (this.#target === asked) this.#target = undefined
      throw error
    }
  }

  async #askTarget(): Promise<Target> {
    const source = this.#settings.connection
    return this.#checked(typeof source === 'function' ? await source().catch(connectionThrew) : source)
  }

  #checked(connection: ConnectionSettings): Target {
    const target = targetOf(connection, this.#settings)
    this.proxied = target.proxied
    const doubt = target.credentials?.doubt?.(target)
    // A turn later, when whoever made the pool can have begun to listen.
    if (doubt) process.nextTick(this.#tell, doubt)
    return target
  }
}

function connectionThrew(thrown: unknown): never {
  if (thrown instanceof WarmpoolError) throw thrown
  const { words, cause } = toldOf(thrown)
  throw connectionFailed(`failed: ${words}`, cause)
}

function connectionFailed(how: string, cause?: unknown): WarmpoolError {
  return new WarmpoolError('CONNECT_FAILED', `connection() ${how}`, {
    cause,
    retryable: true,
    outcome: 'not-sent',
  })
}

/** Of an attempt that spanned a freeze. The server may have given it up long ago, and that may never be heard of. */
const OVERSLEPT = 'OVERSLEPT'

function overslept(): Error {
  return Object.assign(new Error('no answer after a freeze'), { code: OVERSLEPT })
}
