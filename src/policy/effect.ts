/** What a statement may leave behind in its session: any of these (bit flags). */
export type Effect = number
export const CLEAN = 0
export const TRANSACTION = 1
/** Variables, temporary tables, locks: what COM_RESET_CONNECTION clears. */
export const STATE = 2
/** The current database, the character set, the user: what it does not clear (measured), and what we cannot tell. */
export const BEYOND_RESET = 4

/** What we cannot tell. */
export const UNKNOWN = STATE | BEYOND_RESET
