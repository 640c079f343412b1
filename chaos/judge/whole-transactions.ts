import { detailOf } from './at-most-once.ts'
import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P2 and P4 of transactions: all of it or nothing, and nothing without a COMMIT, whatever was told. */
export function wholeTransactions(evidence: Evidence): Break[] {
  return [...[...evidence.transactions].flatMap((id) => judge(evidence, id)), ...byHand(evidence)]
}

function judge(evidence: Evidence, id: string): Break[] {
  const writes = evidence.writesIn(id)
  const present = writes.filter((op) => evidence.applied(op))
  const expected = writes.filter((op) => evidence.word(op) === 'done' && kept(evidence, op))
  const missing = expected.filter((op) => !evidence.applied(op))
  const undone = present.filter((op) => !kept(evidence, op))
  const broken = (promise: Break['promise'], rule: string, ops: readonly string[]): Break[] => [
    {
      promise,
      rule,
      op: id,
      invocation: invocationOf(id),
      detail: `the transaction was told ${JSON.stringify(evidence.told.get(id))}; ${ops.map((op) => `${op}: ${detailOf(evidence, op)}`).join('; ')}`,
    },
  ]
  const word = evidence.word(id)
  if (present.length > 0 && missing.length > 0)
    return broken('P2', 'half of a transaction is there', [...present, ...missing])
  if (present.length > 0 && !evidence.bodies.has(id))
    return broken('P2', 'a transaction was committed before its end', present)
  if (present.length > 0 && (word === 'failed' || word === 'not-sent'))
    return broken('P4', 'a transaction was told that it failed, but it was committed', present)
  if (word === 'done' && missing.length > 0)
    return broken('P4', 'an acknowledged transaction is missing', missing)
  if (undone.length > 0) return broken('P2', 'a nested transaction that failed was not undone', undone)
  return []
}

/** Whether none of the nested transactions around it has failed. */
function kept(evidence: Evidence, op: string): boolean {
  const nested = evidence.writes.get(op)?.within.slice(1) ?? []
  return nested.every((part) => evidence.word(part) === 'done')
}

/** Begun by hand: without a COMMIT that was sent, or may have been, nothing of it. */
function byHand(evidence: Evidence): Break[] {
  return [...evidence.writes]
    .filter(([op, facts]) => facts.byHand && evidence.applied(op) && evidence.rows.get(op)?.length)
    .filter(
      ([, { commit }]) =>
        commit === undefined || !['done', 'unknown', 'nothing'].includes(askedWord(evidence, commit)),
    )
    .map(([op]) => ({
      promise: 'P2',
      rule: 'a transaction begun by hand was committed without a COMMIT',
      op,
      invocation: invocationOf(op),
      detail: detailOf(evidence, op),
    }))
}

function askedWord(evidence: Evidence, op: string): string {
  return evidence.asked.has(op) ? evidence.word(op) : 'never asked for'
}
