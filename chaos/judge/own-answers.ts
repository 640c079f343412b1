import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P10: everybody has his own answers and rows. */
export function ownAnswers(evidence: Evidence): Break[] {
  const mixed = evidence.history.reports.flatMap((report): Break[] =>
    report.is === 'mixed up'
      ? [
          {
            promise: 'P10',
            rule: "the answer to somebody else's question",
            op: report.op,
            invocation: invocationOf(report.op),
            detail: report.got,
          },
        ]
      : [],
  )
  const strange = evidence.history.rows
    .filter(({ op, invocation }) => invocationOf(op) !== invocation || !evidence.asked.has(op))
    .map(
      ({ op, invocation }): Break => ({
        promise: 'P10',
        rule: 'a row that nobody asked for',
        op,
        invocation,
        detail: op,
      }),
    )
  return [...mixed, ...strange]
}
