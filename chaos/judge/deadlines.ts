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
  const paused = new Set(evidence.history.invocations.flatMap(({ program }) => pausing(program)))
  const never = [...evidence.asked]
    .filter(([op]) => !evidence.told.has(op) && !paused.has(op))
    .filter(([op, place]) => lived(evidence, invocationOf(op), place))
    .map(([op]) => broken('what was asked for is never settled', op))
  return [...late, ...never]
}

interface Part {
  readonly do: string
  readonly id?: string
  readonly steps?: readonly Part[]
  readonly branches?: readonly (readonly Part[])[]
}

/** Transactions that pause: they are settled when their callback has come to its end, after which nobody waits any more. */
function pausing(program: readonly Part[]): string[] {
  return program.flatMap(({ id, steps = [], branches = [] }) => {
    const inside = [...steps, ...branches.flat()]
    return [...(id && pauses(steps) ? [id] : []), ...pausing(inside)]
  })
}

function pauses(steps: readonly Part[]): boolean {
  return steps.some((step) => step.do === 'pause' || pauses(step.steps ?? []))
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
