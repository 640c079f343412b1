import { detailOf } from './at-most-once.ts'
import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** What the clocks of server and platform, which are one, may differ by when they are read, milliseconds. */
const TICK = 1

/**
 * P2: once an invocation has ended, no statement of it starts.
 *
 * The container's reports are in order, so what was sent after the end was, whatever the clocks say. A row alone may be begun
 * later than the end: a statement that was sent before it, and whose answer nobody has had or it was told to be unknown, may have
 * been on its way.
 */
export function afterTheEnd(evidence: Evidence): Break[] {
  const breaks: Break[] = []
  const broken = (rule: string, op: string, detail = detailOf(evidence, op)) =>
    breaks.push({ promise: 'P2', rule, op, invocation: invocationOf(op), detail })
  for (const [op, places] of evidence.sent) {
    const end = evidence.ends.get(invocationOf(op))
    if (end !== undefined && places.some((place) => place > end))
      broken('a statement was sent after the end of its invocation', op)
  }
  for (const [op, rows] of evidence.rows) {
    const ended = evidence.invocations.get(invocationOf(op))?.ended ?? 0
    const late = rows.some(({ begun }) => begun > ended + TICK)
    if (late && !mayBeOnItsWay(evidence, op, ended))
      broken(
        'a row was begun after the end of its invocation',
        op,
        `${detailOf(evidence, op)}; ended at ${ended}`,
      )
  }
  for (const [place, report] of evidence.history.reports.entries()) {
    if (report.is !== 'asked' || report.of === undefined || !evidence.applied(report.op)) continue
    if (evidence.isOver(report.of, place))
      broken('a handle of an invocation that has ended was used', report.op)
  }
  return breaks
}

/** Sent in time, by the order of reports and by the clock, and without an answer that anybody was told. */
function mayBeOnItsWay(evidence: Evidence, op: string, ended: number): boolean {
  const [place] = evidence.sent.get(op) ?? []
  const end = evidence.ends.get(invocationOf(op)) ?? Number.POSITIVE_INFINITY
  if (place === undefined || place > end) return false
  const sentAt = evidence.history.reports[place]?.at ?? Number.POSITIVE_INFINITY
  return sentAt <= ended + TICK && ['unknown', 'nothing'].includes(evidence.word(op))
}
