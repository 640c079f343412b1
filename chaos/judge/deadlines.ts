import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P6: nothing waits past the deadline, and everything is settled in the end. */
export function deadlines(evidence: Evidence): Break[] {
  const { reports } = evidence.history
  const broken = (rule: string, op: string): Break => ({
    promise: 'P6',
    rule,
    op,
    invocation: invocationOf(op),
    detail: `told ${JSON.stringify(evidence.told.get(op))}`,
  })
  const late = reports.flatMap((report) =>
    report.is === 'waits' ? [broken('a statement waits past the deadline', report.op)] : [],
  )
  const never = [...evidence.asked]
    .filter(([op]) => !evidence.told.has(op))
    .filter(([op, place]) => lived(evidence, invocationOf(op), place))
    .map(([op]) => broken('what was asked for is never settled', op))
  return [...late, ...never]
}

/** Whether its process has begun and ended another invocation after its end, and after the asking, which may be later. */
function lived(evidence: Evidence, invocation: number, asked: number): boolean {
  const end = evidence.ends.get(invocation)
  const { reports } = evidence.history
  const last = end === undefined ? undefined : reports[end]
  if (end === undefined || last?.is !== 'end') return false
  const later = reports.slice(Math.max(end, asked)).flatMap((one) => (one.is === 'begin' ? [one] : []))
  return later.some((begin) => begin.process === last.process && evidence.ends.has(begin.invocation))
}
