import { tokensOf } from './tokens.ts'

/** The server undoes these whole when it stops them in the middle. */
const ATOMIC = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE'])

/**
 * Whether the server's word that it has stopped `sql` means that nothing of it is left. Several statements, a routine, a
 * definition or a COMMIT may have taken effect in part.
 */
export function undoneWhenStopped(sql: string): boolean {
  const tokens = tokensOf(sql, true)
  if (!tokens) return false
  const first = tokens.find((token) => token !== '(')
  const end = tokens.indexOf(';')
  return ATOMIC.has(first ?? '') && (end < 0 || end === tokens.length - 1)
}
