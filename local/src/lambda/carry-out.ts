import { setTimeout as delay } from 'node:timers/promises'
import type { Breakdown } from './breakdown.ts'
import type { Generation } from './generation.ts'
import type { Invocation } from './invocation.ts'

/** How an invocation is carried out. */
export interface Manner {
  /** Milliseconds from `invocation.started`. */
  timeout: number
  frozen: boolean
  beforeThaw?: (() => Promise<unknown>) | undefined
  /** Whether the processes go on after a timeout. */
  survivesTimeout: boolean
}

/** Has an invocation handled; resolves when runtime and extensions have called Next again, else with what came instead. */
export async function carryOut(
  generation: Generation,
  invocation: Invocation,
  { timeout, frozen, beforeThaw, survivesTimeout }: Manner,
): Promise<Breakdown | undefined> {
  generation.api.deliver(invocation)
  if (frozen) await wake(generation, invocation, beforeThaw)
  const patience = new AbortController()
  const left = Math.max(0, timeout - (performance.now() - invocation.started))
  const broken = await Promise.race([
    generation.api.over(invocation).then(() => undefined),
    generation.broken,
    delay(left, { kind: 'late' as const, limit: timeout }, { signal: patience.signal }),
  ])
  patience.abort()
  if (broken?.kind === 'late' && survivesTimeout) generation.api.runtime.withdraw(invocation)
  return broken
}

async function wake(generation: Generation, invocation: Invocation, beforeThaw: Manner['beforeThaw']) {
  try {
    await beforeThaw?.()
  } finally {
    invocation.started = performance.now()
    generation.thaw()
  }
}
