import { alarmAt, clock } from './clock.ts'
import { escapeId, escapeValue, type Login } from './driver.ts'
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
   * @throws WarmpoolError `CONNECT_FAILED` or `CREDENTIALS_FAILED`
   */
  async open(until: number, signal: AbortSignal): Promise<Link> {
    const started = clock.now()
    const target = await this.#resolveTarget()
    let renewed = false
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(target, until, signal)
      } catch (error) {
        if (error instanceof WarmpoolError) throw error
        const fault = error as Error & Fault
        const renew: boolean = target.credentials !== undefined && accessDenied(fault) && !renewed
        const pause = renew ? 0 : backoff(attempt)
        renewed ||= renew
        const again = (renew || connectRetryable(fault)) && clock.now() + pause < until && !signal.aborted
        if (!again) throw connectFailed(target, attempt, clock.now() - started, fault)
        await sleep(pause, signal)
      }
    }
  }

  async #attempt(target: Target, until: number, signal: AbortSignal): Promise<Link> {
    const login = await loginFor(target)
    const link = new Link(target, login)
    const giveUp = () => link.destroy(connectTimedOut())
    const alarm = alarmAt(until, giveUp)
    signal.addEventListener('abort', giveUp)
    try {
      await link.opened
      await this.setUp(link, target.proxied)
      return link
    } catch (error) {
      link.destroy()
      await link.closed // one place, one socket: the next attempt starts when this one is gone
      throw error
    } finally {
      alarm.clear()
      signal.removeEventListener('abort', giveUp)
    }
  }

  /** Makes a new or reset session ours: our lease on the server and the user's variables, in one SET. */
  setUp(link: Link, proxied = this.proxied): Promise<void> {
    const assignments = Object.entries(this.#settings.session).map(
      ([name, value]) => `SESSION ${escapeId(name)} = ${escapeValue(value)}`,
    )
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

  /** A failure is forgotten, so that the next caller asks again. */
  #resolveTarget(): Promise<Target> {
    this.#target ??= this.#askTarget().catch((error: unknown) => {
      this.#target = undefined
      throw error
    })
    return this.#target
  }

  async #askTarget(): Promise<Target> {
    const source = this.#settings.connection
    const target = targetOf(typeof source === 'function' ? await source() : source, this.#settings)
    this.proxied = target.proxied
    return target
  }
}

async function loginFor(target: Target): Promise<Login> {
  if (!target.credentials) return { user: target.user, password: target.password }
  try {
    const { user, password } = await target.credentials({
      host: target.host,
      port: target.port,
      user: target.user,
    })
    return { user: user ?? target.user, password }
  } catch (cause) {
    if (cause instanceof WarmpoolError) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new WarmpoolError('CREDENTIALS_FAILED', `credentials() failed: ${reason}`, {
      cause,
      retryable: true,
    })
  }
}

function connectFailed(
  target: Target,
  attempts: number,
  elapsed: number,
  cause: Error & Fault,
): WarmpoolError {
  const place = target.socketPath ?? `${target.host}:${target.port}`
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`
  return new WarmpoolError(
    'CONNECT_FAILED',
    `cannot connect to ${place} as ${target.user ?? '(no user)'}: ${cause.message} (${tries}, ${Math.round(elapsed)} ms)`,
    { cause, retryable: connectRetryable(cause), outcome: 'not-sent' },
  )
}

function connectTimedOut(): Error {
  return Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })
}

function sleep(pause: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const alarm = alarmAt(clock.now() + pause, done)
    function done() {
      alarm.clear()
      signal.removeEventListener('abort', done)
      resolve()
    }
    signal.addEventListener('abort', done)
  })
}
