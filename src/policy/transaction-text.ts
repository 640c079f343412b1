import { tokensOf } from './tokens.ts'

const READING = /^[\s(]*(SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|DESC|DESCRIBE|INSERT|REPLACE|DELETE|UPDATE)\b/i

/** Whether `sql`, when it answers with rows, cannot have committed on the way, as `ANALYZE TABLE` does. */
export function onlyReads(sql: string): boolean {
  return READING.test(sql) && !sql.includes(';')
}

const SUSPECT = /\b(BEGIN|START|CHAIN)\b/i

/**
 * Whether `sql` would commit, or roll back, and be in a transaction all the same: the server's answer does not tell that from
 * nothing having happened.
 */
export function restartsTransaction(sql: string): boolean {
  if (!SUSPECT.test(sql)) return false
  const tokens = tokensOf(sql, true)
  if (!tokens) return true
  return tokens.some((token, at) => {
    const [before, next] = [tokens[at - 1] ?? ';', tokens[at + 1] ?? ';']
    if (token === 'CHAIN') return before === 'AND'
    if (before !== ';') return false
    return token === 'START' ? next === 'TRANSACTION' : token === 'BEGIN' && (next === ';' || next === 'WORK')
  })
}
