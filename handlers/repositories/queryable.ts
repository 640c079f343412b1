import type { Database } from 'warmpool'

/** All that a repository needs of a database, so that `db`, the pool and a transaction will do alike. */
export type Queryable = Pick<Database, 'query'>
