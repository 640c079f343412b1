import type { Op, TransactionStep } from '../script/script.ts'
import type { Evidence } from './evidence.ts'
import type { Break, PlayedInvocation } from './history.ts'

/** Milliseconds without which a busy machine could be the reason. */
const AMPLE = 2000

/** P5: whatever happened before, a program that does nothing wrong, while nothing is done to it, succeeds. */
export function undisturbed(evidence: Evidence): Break[] {
  const { invocations, faults } = evidence.history
  return invocations
    .filter((one) => faults.every(({ from, to }) => to <= one.began || from > one.ended))
    .filter((one) => invocations.every((other) => !overlap(one, other) || other.program.every(isBlameless)))
    .filter(({ result, timeout }) => !result.ok && timeout >= AMPLE)
    .map(({ number, result }) => ({
      promise: 'P5',
      rule: 'an invocation failed that nothing was done to',
      invocation: number,
      detail: JSON.stringify(result.error),
    }))
}

function overlap(one: PlayedInvocation, other: PlayedInvocation): boolean {
  return one.began <= other.ended && other.began <= one.ended
}

/** It waits for all it does, throws nothing, leaves nothing, and holds one connection at a time. */
export function isBlameless(op: Op): boolean {
  if (op.do === 'write' || op.do === 'read')
    return op.care === 'await' && !(op.do === 'write' && op.slow > 100)
  if (op.do === 'transaction') return op.care === 'await' && !op.throws && op.steps.every(isPlain)
  return op.do === 'pause'
}

function isPlain(step: TransactionStep): boolean {
  if (step.do === 'nest') return step.steps.every(isPlain)
  return step.do !== 'beside' && !(step.do === 'write' && step.slow > 100)
}
