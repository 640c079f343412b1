import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P10: everybody has his own answers and rows. */
export function ownAnswers(evidence: Evidence): Break[] {
  const mixed = evidence.history.reports.flatMap((report): Break[] =>
    report.is === 'mixed up' ? [mixedUp(report.op, report.got)] : [],
  )
  const exchanged = [...evidence.told].flatMap(([op, { wrote }]): Break[] => {
    const numbers = evidence.rows.get(op)?.map(({ n }) => n) ?? []
    if (wrote === undefined || numbers.length === 0 || numbers.includes(wrote)) return []
    return [mixedUp(op, `told of row ${wrote}, wrote row ${numbers}`)]
  })
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
  return [...mixed, ...exchanged, ...strange]
}

function mixedUp(op: string, detail: string): Break {
  const rule = "the answer to somebody else's question"
  return { promise: 'P10', rule, op, invocation: invocationOf(op), detail }
}
