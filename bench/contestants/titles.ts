/** The files beside this one, as they are called in tables. */
export const TITLES = {
  'mysql2-pool': 'middy + mysql2 promise pool',
  'mysql2-pool-again': 'the same once more (the noise)',
  'mysql2-pool-untraced': 'the same, trace: false',
  warmpool: 'middy + warmpool',
  'plain-mysql2-pool': 'plain handler + mysql2 promise pool',
  'plain-warmpool': 'pool.wrap + warmpool',
  'serverless-mysql': 'middy + serverless-mysql',
  'connect-per-call': 'middy + connect per call',
} as const

export type ContestantName = keyof typeof TITLES
