import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P4: nothing twice, and everything as its caller was told. */
export function atMostOnce(evidence: Evidence): Break[] {
  const breaks: Break[] = []
  const { client } = evidence.history
  const broken = (rule: string, op: string) =>
    breaks.push({ promise: 'P4', rule, op, invocation: invocationOf(op), detail: detailOf(evidence, op) })
  for (const [op, places] of evidence.sent) if (places.length > 1) broken('a statement was sent twice', op)
  for (const [op, facts] of evidence.writes) {
    const [word, count] = [evidence.word(op), evidence.rows.get(op)?.length ?? 0]
    if (count > 1) broken('a row is there twice', op)
    if (word === 'not-sent' && evidence.sent.has(op)) broken("'not-sent', but it was sent", op)
    if (word === 'not-sent' && count > 0) broken("'not-sent', but its row is there", op)
    // A prepared statement has no name in what prepares it.
    if (word === 'unknown' && facts.by === 'query' && !evidence.sent.has(op) && client === 'warmpool')
      broken("'unknown', but it was never sent", op)
    if (word === 'failed' && count > 0) broken('it was told that it failed, but its row is there', op)
    if (count > 0 || word !== 'done' || facts.within.length > 0 || facts.stored) continue
    if (!facts.byHand || (facts.commit && evidence.word(facts.commit) === 'done'))
      broken('an acknowledged row is missing', op)
  }
  for (const [op, { missing }] of evidence.told)
    if (missing) broken('a stream that was cut short ended well', op)
  return breaks
}

/** What happened to an operation, in one line. */
export function detailOf(evidence: Evidence, op: string): string {
  const told = evidence.told.get(op)
  const rows = (evidence.rows.get(op) ?? []).map(({ session, begun }) => `session ${session} at ${begun}`)
  return `told ${JSON.stringify(told)}, sent ${evidence.sent.get(op)?.length ?? 0} times, rows: ${rows.join('; ') || 'none'}`
}
