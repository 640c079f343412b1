import { opens, tokensOf } from './tokens.ts'

/** The server undoes these whole when it stops them in the middle. */
const ATOMIC = new Set(['SELECT', 'WITH', 'VALUES', 'TABLE', 'INSERT', 'UPDATE', 'DELETE', 'REPLACE'])

/**
 * Whether the server's word that it has stopped `sql` means that nothing of it is left, in tables that know transactions.
 * Several statements, a routine, a definition or a COMMIT may have taken effect in part.
 */
export function undoneWhenStopped(sql: string): boolean {
  // Whether a backslash escapes is the session's business; it matters only where there is one.
  return atomic(tokensOf(sql, true)) && (!sql.includes('\\') || atomic(tokensOf(sql, false)))
}

function atomic(tokens: string[] | undefined): boolean {
  const first = tokens?.find((token) => !opens(token))
  const end = tokens?.indexOf(';') ?? -1
  return ATOMIC.has(first ?? '') && (end < 0 || end + 1 === tokens?.length)
}
