/** First and longest step between connection attempts, in milliseconds. Measured: facts on fleets, bench/fleet. */
const BASE = 100
const CAP = 400

/**
 * Full jitter: anywhere between nothing and the step, which doubles up to the cap. A refused connection is not free for the
 * server, and attempts that come in step refuse each other, so they are few and spread.
 *
 * @param attempt 1 for the wait after the first failure
 * @returns milliseconds to wait
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(CAP, BASE * 2 ** (attempt - 1))
}
