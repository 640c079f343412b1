import { type Alarm, alarmAt, clock, turn } from './clock.ts'
import { connectFailed } from './connect-failed.ts'
import { credentialsFailed, type Login, loginFor } from './credentials/login.ts'
import { type Address, connectionLost, escapeId, escapeValue, noAnswer } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import { Link } from './link.ts'
import type { Settings } from './options.ts'
import { Patience } from './patience.ts'
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
  readonly #writer = new Writer()
  #target: Promise<Target> | undefined

  constructor(settings: Settings, lease: ServerLease) {
    this.#settings = settings
    this.#lease = lease
    // A target that is known already is checked now, when the pool is created.
    if (typeof settings.connection !== 'function') {
      const target = targetOf(settings.connection, settings)
      this.#target = Promise.resolve(target)
      this.proxied = target.proxied
    }
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
    let told: (Error & Fault) | undefined
    for (let attempt = 1; ; attempt++) {
      progress.attempt = attempt
      const login = await loginInTime(target, patience)
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
        told = moreTelling(told, fault, lasted)
        progress.trouble = connectTrouble(told).sentence
        const renew: boolean = target.credentials !== undefined && accessDenied(fault) && !renewed
        const pause = renew || fault.code === OVERSLEPT ? 0 : backoff(attempt, clock.now() - started)
        renewed ||= renew
        const again = (renew || connectRetryable(fault)) && patience.allows(pause)
        if (again) await sleep(pause, patience)
        if (!again || !patience.allows(0))
          throw connectFailed(target, login, attempt, clock.now() - started, told)
      }
    }
  }

  /**
   * The control connection: to one server's own address, and no further than the handshake. One attempt.
   *
   * @throws whatever was in the way
   */
  async control(address: Address | undefined, until: number): Promise<Link> {
    const patience = new Patience(until, new AbortController().signal)
    const target = await this.#knownTarget(patience)
    const login = await loginInTime(target, patience)
    return this.#opened(new Link(target, login, address), patience)
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
      return await inTime(asked, patience, () => connectionFailed(NO_ANSWER))
    } catch (error) {
      if (this.#target === asked) this.#target = undefined
      throw error
    }
  }

  async #askTarget(): Promise<Target> {
    const source = this.#settings.connection
    const connection = typeof source === 'function' ? await source().catch(connectionThrew) : source
    const target = targetOf(connection, this.#settings)
    this.proxied = target.proxied
    return target
  }
}

const NO_ANSWER = 'gave no answer in time'

function connectionThrew(cause: unknown): never {
  if (cause instanceof WarmpoolError) throw cause
  throw connectionFailed(`failed: ${cause instanceof Error ? cause.message : String(cause)}`, cause)
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

/** Where there are no credentials to ask for, nobody can be late with them. */
function loginInTime(target: Target, patience: Patience): Promise<Login> {
  const login = loginFor(target)
  return target.credentials ? inTime(login, patience, () => credentialsFailed(NO_ANSWER)) : login
}

/** What comes too late is dropped. */
function inTime<T>(awaited: Promise<T>, patience: Patience, late: () => WarmpoolError): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const settled = patience.watch({ giveUp: () => reject(late()), woken: () => {} })
  awaited.then(resolve, reject)
  return promise.finally(settled) // also of what never comes
}

async function sleep(pause: number, patience: Patience): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const settled = patience.watch({ giveUp: resolve, woken: resolve })
  const timer = setTimeout(resolve, pause)
  await promise
  clearTimeout(timer)
  settled()
}
