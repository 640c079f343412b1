/** First and longest step between connection attempts, in milliseconds. Measured: facts on fleets, bench/fleet. */
const BASE = 100
const CAP = 400
/** The shortest step of those who have waited long, which after an outage is everybody, milliseconds. */
const LEAST = 200
/** Whoever has waited for so long takes half of the step, for twice as long a third, and so on: else the unlucky wait for ever. Milliseconds. */
const PATIENCE = 1000

/**
 * Full jitter: anywhere between nothing and the step, which doubles up to the cap. A refused connection is not free for the
 * server, and attempts that come in step refuse each other, so they are few and spread. Those who have waited long try sooner.
 *
 * @param attempt 1 for the wait after the first failure
 * @param waited milliseconds since the first attempt
 * @returns milliseconds to wait
 */
export function backoff(attempt: number, waited: number, random: () => number = Math.random): number {
  const step = Math.min(CAP, BASE * 2 ** (attempt - 1))
  return random() * Math.min(step, Math.max(LEAST, step / (1 + waited / PATIENCE)))
}

/** The same between attempts of a transaction that met another one, in milliseconds. Such a one is over much sooner than a server's trouble. */
const [CONTENTION_BASE, CONTENTION_CAP] = [10, 200]

/**
 * Full jitter, so that two that met do not meet again.
 *
 * @param attempt 1 for the wait after the first failure
 * @returns milliseconds to wait
 */
export function contentionPause(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(CONTENTION_CAP, CONTENTION_BASE * 2 ** (attempt - 1))
}
