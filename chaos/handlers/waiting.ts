import { setTimeout as sleep } from 'node:timers/promises'
import { report, trueNow } from './reports.ts'

/** Milliseconds that are kept back from the deadline; half of it is for stopping what runs. */
const MARGIN = Number(process.env.CHAOS_MARGIN)
const TICK = 5
/** By then everything must have been settled. Counted in ticks, each of which the event loop was alive for. */
const TICKS = Math.ceil((MARGIN * 0.75) / TICK)

const pending = new Map<number, Set<string>>()

/** Statements of an invocation that wait for their answer. */
export function waiting(invocation: number): Set<string> {
  const known = pending.get(invocation)
  if (known) return known
  const fresh = new Set<string>()
  pending.set(invocation, fresh)
  return fresh
}

/** Reports what is still waited for when most of the margin is gone, too. Where the machine was too slow for that, nothing. */
export function watchDeadline(deadline: number, invocation: number): { stop(): void } {
  const over = new AbortController()
  void watch(deadline, invocation, over.signal).catch(() => {})
  return {
    stop: () => {
      over.abort()
      pending.delete(invocation)
    },
  }
}

async function watch(deadline: number, invocation: number, signal: AbortSignal): Promise<void> {
  await sleep(Math.max(0, deadline - MARGIN - trueNow()), undefined, { signal })
  for (let tick = 0; tick < TICKS; tick++) await sleep(TICK, undefined, { signal })
  for (const op of waiting(invocation)) report({ is: 'waits', op })
}
