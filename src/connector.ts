import { alarmAt, clock } from './clock.ts'
import { credentialsFailed, type Login, loginFor } from './credentials/login.ts'
import { type Address, escapeId, escapeValue } from './driver.ts'
import { WarmpoolError } from './errors.ts'
import { Link } from './link.ts'
import type { Settings } from './options.ts'
import { backoff } from './policy/backoff.ts'
import { accessDenied, connectRetryable, type Fault } from './policy/faults.ts'
import { CLEAN } from './policy/session.ts'
import { type Target, targetOf } from './target/target.ts'

/** The longest a function can run, until we know better: 900 s. */
const LONGEST_FUNCTION = 900_000
/** Longer than anything we keep a link for, so that the server never takes one that we would still use. */
const LEASE_SLACK = 30_000

/** How far the opening of a link has come, for the messages of those who wait for it. */
export interface Progress {
  to: string
  attempt: number
}

/** Opens links: credentials, handshake, retries, and the one SET that makes a session ours. */
export class Connector {
  readonly #settings: Settings
  #target: Promise<Target> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
    // A target that is known already is checked now, when the pool is created.
    if (typeof settings.connection !== 'function') {
      const target = targetOf(settings.connection, settings)
      this.#target = Promise.resolve(target)
      this.proxied = target.proxied
    }
  }

  /** Known after the first connection at the latest. */
  proxied = false

  /**
   * Opens a link, trying again while that can help.
   *
   * @param until wall clock, milliseconds
   * @param signal gives up at once
   * @param progress is kept up to date
   * @throws WarmpoolError `CONNECT_FAILED` or `CREDENTIALS_FAILED`
   */
  async open(until: number, signal: AbortSignal, progress: Progress): Promise<Link> {
    const started = clock.now()
    const target = await this.#knownTarget(until, signal)
    progress.to = placeOf(target)
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      progress.attempt = attempt
      const login = await inTime(loginFor(target), until, signal, () => credentialsFailed(NO_ANSWER))
      try {
        return await this.#attempt(target, login, until, signal)
      } catch (error) {
        const fault = error as Error & Fault
        const renew: boolean = target.credentials !== undefined && accessDenied(fault) && !renewed
        const pause = renew ? 0 : backoff(attempt)
        renewed ||= renew
        const again = (renew || connectRetryable(fault)) && clock.now() + pause < until && !signal.aborted
        if (!again) throw connectFailed(target, login, attempt, clock.now() - started, fault)
        await sleep(pause, signal)
      }
    }
  }

  /**
   * The control connection: to one server's own address, and no further than the handshake. One attempt.
   *
   * @throws whatever was in the way
   */
  async control(address: Address | undefined, until: number): Promise<Link> {
    const never = new AbortController().signal
    const target = await this.#knownTarget(until, never)
    const login = await inTime(loginFor(target), until, never, () => credentialsFailed(NO_ANSWER))
    return opened(new Link(target, login, address), until, never)
  }

  async #attempt(target: Target, login: Login, until: number, signal: AbortSignal): Promise<Link> {
    const ours = (link: Link) => this.setUp(link, false, target.proxied)
    return opened(new Link(target, login), until, signal, ours)
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
    if (!proxied) assignments.unshift(`SESSION wait_timeout = ${this.#leaseSeconds()}`)
    if (assignments.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      link.query(`SET ${assignments.join(', ')}`, undefined, (error) => {
        if (error) return reject(error)
        link.mark(CLEAN)
        resolve()
      })
    })
  }

  #leaseSeconds(): number {
    return Math.ceil((Math.max(this.#settings.idleTimeout, LONGEST_FUNCTION) + LEASE_SLACK) / 1000)
  }

  /** A failure is forgotten, so that the next caller asks again; so is a question that got no answer in time. */
  async #knownTarget(until: number, signal: AbortSignal): Promise<Target> {
    this.#target ??= this.#askTarget()
    const asked = this.#target
    try {
      return await inTime(asked, until, signal, () => connectionFailed(NO_ANSWER))
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

/** Waits until the server has let a link in, and it has been made ready; destroys it when that fails, or takes too long. */
async function opened(
  link: Link,
  until: number,
  signal: AbortSignal,
  ready: (link: Link) => Promise<void> = async () => {},
): Promise<Link> {
  const settled = givingUp(until, signal, () => link.destroy(connectTimedOut()))
  try {
    await link.opened
    await ready(link)
    return link
  } catch (error) {
    link.destroy()
    await link.closed // one place, one socket: the next attempt starts when this one is gone
    throw error
  } finally {
    settled()
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

function connectFailed(
  target: Target,
  { user = '(no user)' }: Login,
  attempts: number,
  elapsed: number,
  cause: Error & Fault,
): WarmpoolError {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return new WarmpoolError(
    'CONNECT_FAILED',
    `cannot connect to ${placeOf(target)} as ${user}: ${reasonOf(cause)} (${tries}, ${Math.round(elapsed)} ms)`,
    { cause, retryable: connectRetryable(cause), outcome: 'not-sent' },
  )
}

function placeOf(target: Target): string {
  return target.socketPath ?? `${target.host}:${target.port}`
}

/** Where a name has several addresses Node tries all, and has one error for them, without a message. */
function reasonOf(cause: Error): string {
  if (!(cause instanceof AggregateError) || cause.message) return cause.message
  return cause.errors.map((error: Error) => error.message).join(', ')
}

function connectTimedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}

/** Calls `giveUp` when it is `until`, or `signal` aborts. @returns takes that back */
function givingUp(until: number, signal: AbortSignal, giveUp: () => void): () => void {
  if (signal.aborted) giveUp()
  const alarm = alarmAt(until, giveUp)
  signal.addEventListener('abort', giveUp)
  return () => {
    alarm.clear()
    signal.removeEventListener('abort', giveUp)
  }
}

/** What comes too late is dropped. */
function inTime<T>(
  awaited: Promise<T>,
  until: number,
  signal: AbortSignal,
  late: () => WarmpoolError,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const settled = givingUp(until, signal, () => reject(late()))
    awaited.then(resolve, reject).finally(settled)
  })
}

async function sleep(pause: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const over = givingUp(clock.now() + pause, signal, resolve)
  await promise
  over()
}
