import { createPool, iam } from 'warmpool'

/** Connections per container. Every handler and repository of the shop shares them. */
export const connectionLimit = 2

/**
 * The container's one pool. The environment says where it connects (`DATABASE_URL`, or `DB_HOST`, `DB_USER`, …); with
 * `DB_AUTH=iam` a short-lived token takes the place of `DB_PASSWORD`.
 */
export const pool = createPool({
  connectionLimit,
  ...(process.env.DB_AUTH === 'iam' && { credentials: iam() }),
})
