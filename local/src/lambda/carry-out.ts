import { setTimeout as delay } from 'node:timers/promises'
import type { Breakdown } from './breakdown.ts'
import type { Generation } from './generation.ts'
import type { Invocation } from './invocation.ts'

/** How an invocation is carried out. */
export interface Manner {
  frozen: boolean
  beforeThaw?: (() => Promise<unknown>) | undefined
  /** Whether the processes go on after a timeout. */
  survivesTimeout: boolean
}

/** How it went. */
export interface Outcome {
  /** What came instead of runtime and extensions calling Next again. */
  broken: Breakdown | undefined
  /** What `beforeThaw` threw. The event was in place already, so the invocation was run all the same. */
  thrown?: { error: unknown } | undefined
}

/** Has an invocation handled; resolves when it is over, however that came. */
export async function carryOut(
  generation: Generation,
  invocation: Invocation,
  { frozen, beforeThaw, survivesTimeout }: Manner,
): Promise<Outcome> {
  generation.api.deliver(invocation)
  const patience = new AbortController()
  const { signal } = patience
  const late = delay(invocation.left, { kind: 'late' as const, limit: invocation.timeout }, { signal })
  const ended = Promise.race([generation.broken, late])
  const thrown = frozen ? await wake(generation, invocation, ended, beforeThaw) : undefined
  const broken = await Promise.race([generation.api.over(invocation).then(() => undefined), ended])
  patience.abort()
  if (broken?.kind === 'late' && survivesTimeout) generation.api.runtime.withdraw(invocation)
  return { broken, thrown }
}

/** Thaws the processes, unless all is over before that. */
async function wake(
  generation: Generation,
  invocation: Invocation,
  ended: Promise<Breakdown>,
  beforeThaw: Manner['beforeThaw'],
): Promise<Outcome['thrown']> {
  const prepared = (async () => beforeThaw?.())().then(
    () => 'prepared' as const,
    (error: unknown) => ({ error }),
  )
  const first = await Promise.race([prepared, ended])
  if (first !== 'prepared' && 'kind' in first) return undefined
  invocation.started = performance.now()
  generation.thaw()
  return first === 'prepared' ? undefined : first
}
