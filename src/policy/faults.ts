/** What a connection that is being opened waits for: its turn, an address for its name, the other end, the server's first words, its consent. */
export type Stage = 'waiting' | 'resolving' | 'dialling' | 'greeting' | 'login'

/** The parts of an error that decide what it means; mysql2's and Node's errors both fit. */
export interface Fault {
  readonly code?: string | undefined
  readonly errno?: number | undefined
  readonly message: string
  /** The server's own words. */
  readonly sqlMessage?: string | undefined
  readonly fatal?: boolean | undefined
  /** How far the connection had come that was being opened. */
  readonly stage?: Stage | undefined
  /** Of a refused IAM token: what it was signed for, and when. */
  readonly signed?: string | undefined
}

/** RDS Proxy's: no database connection was free, or there was none, within its ConnectionBorrowTimeout. */
const NOT_BORROWED = 9501
/** 1040 too many connections, 1203 and 1226 the same per user, 9501: they pass when somebody else closes theirs. */
const FULL = new Set([1040, 1203, 1226, NOT_BORROWED])
/** The server is starting, restarting or failing over. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'PROTOCOL_CONNECTION_LOST',
  'ER_SERVER_SHUTDOWN',
  'ENOENT', // a socket path whose server is not up yet
  'READ_ONLY_SERVER', // ours: not the writer, or not any more
  'OVERSLEPT', // no answer after a freeze: ours
])

/** 1053 the server shuts down, 1927 killed (MariaDB), 4031 idle for too long (MySQL): said before it closes the connection. */
const LAST_WORDS = new Set([1053, 1927, 4031])

/** Whether the connection is over with this answer: what is sent after it is not read any more. */
export function connectionOver(fault: Fault): boolean {
  return fault.fatal === true || (fault.errno !== undefined && LAST_WORDS.has(fault.errno))
}

/**
 * Whether what was sent last has not been read: the server says 4031 to a connection that is idle, and closes it. As an answer it
 * can only come when it was on its way before the statement came.
 */
export function neverRead(fault: Fault): boolean {
  return fault.errno === 4031
}

/** mysql2 gives every error of the TLS handshake one code; the socket's own, unlike a certificate's, can pass. */
const TLS_CUT = /ECONNRESET|EPIPE|socket disconnected/

/** Whether the TLS handshake ended with the connection, and not by what the other end has to show. */
export function cutInTls(fault: Fault): boolean {
  return fault.code === 'HANDSHAKE_SSL_ERROR' && TLS_CUT.test(fault.message)
}

/** Whether connecting again may help: nothing was sent yet, and what is wrong can pass by itself. */
export function connectRetryable(fault: Fault): boolean {
  if (fault.errno !== undefined && FULL.has(fault.errno)) return true
  return cutInTls(fault) || (fault.code !== undefined && UNREACHABLE.has(fault.code))
}

/** 1045: with fetched credentials it can mean that they have just been rotated. */
export function accessDenied(fault: Fault): boolean {
  return fault.errno === 1045
}

/**
 * Whether the server on the other end has become read-only, so that no link to it should be used for writing again.
 * 1290 covers other options too, and 1792 is also what a write in the user's own READ ONLY transaction gives.
 */
export function readOnlyServer(fault: Fault, inReadOnlyTransaction = false): boolean {
  if (fault.errno === 1290) return /read[-_ ]only/i.test(fault.message)
  return fault.errno === 1836 || (fault.errno === 1792 && !inReadOnlyTransaction)
}

/** Whether RDS Proxy had no server for what it was sent. */
export function notBorrowed(fault: Fault): boolean {
  return fault.errno === NOT_BORROWED
}

/**
 * Whether the whole transaction is undone, not only the statement. 1213, a deadlock, and 1614, the same under XA. And 9501: a
 * transaction has a database connection of its own, so that RDS Proxy had to ask for one says that there is none any more.
 */
export function rollsBack(fault: Fault): boolean {
  return fault.errno === 1213 || fault.errno === 1614 || notBorrowed(fault)
}

/** 1317, and 1927 on MariaDB: the server says that it has stopped the statement, and so undone it. */
export function interrupted(fault: Fault): boolean {
  return fault.errno === 1317 || fault.errno === 1927
}

/**
 * Whether a transaction may succeed when the whole of it is run again, by what it failed with or by a cause of that. 1205 and 1213:
 * another one was in the way. 9501: RDS Proxy had no server for it. Or the server has become read-only: the next attempt is on a
 * new connection, to the new writer.
 */
export function worthAnotherAttempt(error: unknown, depth = 8): boolean {
  if (typeof error !== 'object' || error === null || depth === 0) return false
  const { errno, message = '', cause } = error as Partial<Fault> & { cause?: unknown }
  if (errno === 1205 || errno === 1213 || errno === NOT_BORROWED) return true
  if (readOnlyServer({ errno, message }, true)) return true
  return worthAnotherAttempt(cause, depth - 1)
}
