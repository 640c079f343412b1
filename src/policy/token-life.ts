/** How long RDS takes a token for, milliseconds from its signing: X-Amz-Expires of 900 s. */
const VALID = 900_000
/**
 * Kept back of that, milliseconds: the handshake is yet to come, connecting may be tried again for long, and two clocks
 * differ. Signing takes a quarter of a millisecond, so a shorter life would cost little; a longer one gains nothing.
 */
const TOKEN_MARGIN = 300_000
/** The same for the keys that a token was signed with: it is worthless from the moment when they have expired. Milliseconds. */
const KEYS_MARGIN = 60_000

/**
 * For how long a new token may be given again, in milliseconds; 0 where each handshake has to have its own.
 *
 * @param keysLast for how long its keys are good yet, milliseconds; `undefined` where nobody says
 */
export function tokenReusable(keysLast: number | undefined): number {
  return Math.max(0, Math.min(VALID - TOKEN_MARGIN, (keysLast ?? VALID) - KEYS_MARGIN))
}
