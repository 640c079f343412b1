import { afterTheEnd } from './after-the-end.ts'
import { atMostOnce } from './at-most-once.ts'
import { bound } from './bound.ts'
import { cleanSessions } from './clean-sessions.ts'
import { deadlines } from './deadlines.ts'
import { Evidence } from './evidence.ts'
import type { Break, History } from './history.ts'
import { ownAnswers } from './own-answers.ts'
import { quiet } from './quiet.ts'
import { undisturbed } from './undisturbed.ts'
import { wholeTransactions } from './whole-transactions.ts'

const RULES = [
  bound,
  afterTheEnd,
  wholeTransactions,
  cleanSessions,
  atMostOnce,
  undisturbed,
  deadlines,
  quiet,
  ownAnswers,
]

/** Every promise that a history breaks. No clock is looked at, and nobody is asked. */
export function judge(history: History): Break[] {
  const evidence = new Evidence(history)
  return RULES.flatMap((rule) => rule(evidence))
}
