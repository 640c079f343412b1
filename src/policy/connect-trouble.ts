import { cutInTls, type Fault, type Stage } from './faults.ts'

/** What is in the way when connecting fails, and what to look at, by the server's number. */
const BY_NUMBER: Readonly<Record<number, string>> = {
  1040: 'the server has no connection left (max_connections); look at how many all clients together may open',
  1044: 'the user may not use this database, or there is none of this name; look at the database and at GRANT for the user',
  1045: 'the server does not take this user with this password; look at user, password (or what credentials gives), the hosts that the user may come from, and whether it needs TLS',
  1049: 'there is no such database on the server; look at the database',
  1053: 'the server is shutting down; look at whether it comes back',
  1129: 'the server refuses this host after too many broken connections; look at what broke them, and FLUSH HOSTS',
  1130: 'the server takes no connections from this address; look at the hosts that its users may come from',
  1203: 'the user has no connection left (max_user_connections); look at how many all clients together may open',
  1226: "the user has used up a limit of its own; look at the user's limits and at how many all clients together open",
  3159: 'the server demands TLS; look at tls',
  9501: 'RDS Proxy had no database connection free in time; look at what pins sessions or holds transactions open, at MaxConnectionsPercent, and at whether the database runs',
}

/** 1040 of RDS Proxy has nothing to do with max_connections (AWS, troubleshooting RDS Proxy). */
const BY_WORDS: readonly (readonly [words: RegExp, sentence: string])[] = [
  [
    /^IAM authentication rate limit exceeded/i,
    'RDS Proxy takes no more IAM logins just now; look at how many connections all clients together open at once',
  ],
  [
    /^Connections rate limit exceeded/i,
    'RDS Proxy takes no more new connections just now; look at how many all clients together open at once, and whether they keep them',
  ],
  [
    /^Number simultaneous connections exceeded/i,
    'RDS Proxy has no place for another client; look at how many connections all clients together may open',
  ],
]

/** 1045 is all that RDS says of a token, whatever is wrong with it. */
const REFUSED_TOKEN =
  "the server does not take this IAM token; look at rds-db:connect for this user and resource, the user's plugin (AWSAuthenticationPlugin), the host that was signed and this machine's clock: the token was signed"

/** The same by the code that Node, mysql2 or we ourselves gave it. */
const BY_CODE: Readonly<Record<string, string>> = {
  ENOTFOUND: 'no host has this name; look at the host',
  EAI_AGAIN: 'the name server gave no answer; look at the network and its DNS',
  ECONNREFUSED:
    'nothing listens there, or the server is down; look at host, port and whether the server runs',
  EHOSTUNREACH: 'there is no way to this host; look at the host and at the routes of the network',
  ENETUNREACH: 'there is no way to this network; look at the host and at the routes of the network',
  ENOENT: 'no socket is there, or the server is down; look at socketPath and whether the server runs',
  EACCES: 'this process may not use the socket; look at the rights of socketPath',
  HANDSHAKE_NO_SSL_SUPPORT:
    'the server offers no TLS, which is demanded; look at tls and at whether TLS is on there',
  READ_ONLY_SERVER:
    'the server there is read-only: a failover is under way, or the name still leads to the old writer; look at which server is the writer',
}

const CUT: Readonly<Partial<Record<Stage, string>>> = {
  greeting:
    'the other end closed the connection before a greeting, as a server does that starts or shuts down; look at whether it runs, and whether a MySQL server is what listens there',
  login:
    'the server closed the connection in the handshake, as one does that starts, shuts down or fails over; look at whether it runs',
}
const CUT_CODES = new Set(['ECONNRESET', 'EPIPE', 'PROTOCOL_CONNECTION_LOST'])

/** By what was waited for when the time was up. */
const SILENCE: Readonly<Record<Stage, string>> = {
  waiting: 'no time was left to connect; look at connectTimeout and at what the time before was spent on',
  resolving: 'its name was not resolved in time; look at the network and its DNS',
  dialling:
    'nothing answers there, not even with a refusal, as where a firewall drops what comes; look at security groups, subnets and routes',
  greeting:
    'the connection was taken but no server spoke in time; look at whether the server hangs, and whether a MySQL server is what listens there',
  login:
    'the server began the handshake but did not end it in time; look at whether it hangs or is overloaded',
}

/** What Node says of a certificate; mysql2 gives all of it one code. */
const CERTIFICATE: readonly (readonly [words: RegExp, sentence: string])[] = [
  [/altnames/i, "the server's certificate is for another name; look at the host, which must be a name in it"],
  [
    /expired/i,
    "the server's certificate has expired; look at its dates, at those of its authority and at this machine's clock",
  ],
  [
    /not yet valid/i,
    "the server's certificate is not valid yet; look at its dates and at this machine's clock",
  ],
  [
    /self-signed|issuer|unable to verify|signature/i,
    "the server's certificate is of no trusted authority; look at tls.ca",
  ],
]

/**
 * What is in the way and what to look at, in one clause; then what was said in other words. Never a password: neither servers nor
 * Node repeat one.
 */
export function connectTrouble(fault: Fault): { sentence: string; words: string | undefined } {
  const words = wordsOf(fault)
  const sentence = sentenceOf(fault)
  return sentence ? { sentence, words } : { sentence: words, words: undefined }
}

/** What an attempt under way has to show that waits for this. */
export function soFar(stage: Stage): string {
  return SILENCE[stage]
}

/** Less than any server needs, milliseconds. */
const NO_TIME = 20

/** Whether an attempt began when the time was all but up: its silence says nothing of the server. */
export function hadNoTime(fault: Fault, lasted: number): boolean {
  return fault.code === 'ETIMEDOUT' && lasted < NO_TIME
}

/** A server that lives has answered by then, milliseconds. */
const TIME_TO_ANSWER = 1000

/**
 * Which failure is told of two attempts, one after the other. That the time was up says something of the server only where there was
 * some: the last attempt may have begun just before that.
 *
 * @param lasted of the last one, milliseconds
 */
export function moreTelling<F extends Fault>(before: F | undefined, last: F, lasted: number): F {
  return before && last.code === 'ETIMEDOUT' && lasted < TIME_TO_ANSWER ? before : last
}

function sentenceOf(fault: Fault): string | undefined {
  const { code = '', errno = 0, stage } = fault
  if (errno === 1045 && fault.signed) return `${REFUSED_TOKEN} ${fault.signed}`
  const proxys = errno === 1040 ? BY_WORDS.find(([words]) => words.test(fault.message))?.[1] : undefined
  if (proxys ?? BY_NUMBER[errno]) return proxys ?? BY_NUMBER[errno]
  if (code === 'ETIMEDOUT' || code === 'OVERSLEPT') return SILENCE[stage ?? 'login']
  if (cutInTls(fault)) return CUT.login
  if (code === 'HANDSHAKE_SSL_ERROR') return certificateTrouble(fault.message)
  if (CUT_CODES.has(code)) return CUT[stage ?? 'login'] ?? CUT.greeting
  return BY_CODE[code]
}

function certificateTrouble(words: string): string {
  const known = CERTIFICATE.find(([sign]) => sign.test(words))
  return known?.[1] ?? 'the TLS handshake failed; look at tls and at what the server accepts'
}

/** Where a name has several addresses Node tries all, and has one error for them, without a message. */
function wordsOf(fault: Fault): string {
  if (!(fault instanceof AggregateError) || fault.message) return fault.sqlMessage ?? fault.message
  return fault.errors.map((error: Error) => error.message).join(', ')
}
