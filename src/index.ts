export { type IamOptions, iam } from './credentials/iam.ts'
export { type SecretOptions, secret } from './credentials/secret.ts'
export { Database } from './database.ts'
export { type ErrorCode, type Outcome, WarmpoolError } from './errors.ts'
export type { EndedBy, PoolEvents } from './events.ts'
export type { StatementOptions } from './handles/bounds.ts'
export type { Connection } from './handles/connection.ts'
export type { RowStream } from './handles/stream.ts'
export type { Transaction, Work } from './handles/transaction.ts'
export type { TransactionOptions } from './handles/transaction-options.ts'
export {
  type MiddlewareOptions,
  type MysqlPoolMiddleware,
  mysqlPool,
  mysqlPool as default,
} from './middleware.ts'
export type {
  ConnectionInput,
  Credentials,
  CredentialsRequest,
  GivenCredentials,
  PoolOptions,
  ReaderOptions,
  TlsOptions,
} from './options.ts'
export { createPool, Pool } from './pool.ts'
export type { PoolStats } from './stats.ts'
