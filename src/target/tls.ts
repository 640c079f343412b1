import { isIP } from 'node:net'
import { invalidOption } from '../errors.ts'
import { knownKeys, plainObject, shown } from '../options/check.ts'
import type { ConnectionSettings, Settings, TlsOptions } from '../options.ts'

/**
 * mysql2's `ssl`, always verifying chain and host name. One object per target: mysql2 keys its secure context, and so TLS
 * session resumption, on the object's identity.
 */
export interface Tls extends TlsOptions {
  readonly rejectUnauthorized: true
  readonly verifyIdentity: true
  /** A list of certificate authorities that mysql2 holds, trusted beside Node's own. */
  readonly profile?: 'Amazon RDS'
}

/** RDS instances, clusters and proxies; the China regions have their own ending. */
const RDS = /\.rds\.amazonaws\.com(\.cn)?$/i
const RDS_PROXY = /\.proxy-[^.]+\.[^.]+\.rds\.amazonaws\.com(\.cn)?$/i

export function isRdsEndpoint(host: string): boolean {
  return RDS.test(host)
}

export function isRdsProxy(host: string): boolean {
  return RDS_PROXY.test(host)
}

/** The trust of one target, or `undefined` where the connection is not encrypted. */
export function tlsOf(connection: ConnectionSettings, tls: Settings['tls']): Tls | undefined {
  const asked = tls === 'auto' ? fromConnection(connection) : tls
  if (!asked) return undefined
  if (isIP(connection.host))
    throw invalidOption(
      'tls',
      `a connection to the address ${connection.host}`,
      'a host name, which TLS can verify',
    )
  return { ...asked, rejectUnauthorized: true, verifyIdentity: true }
}

function fromConnection({ host, ssl }: ConnectionSettings): (TlsOptions & Pick<Tls, 'profile'>) | undefined {
  if (ssl === undefined || ssl === null || ssl === false) {
    if (!isRdsEndpoint(host)) return undefined
    // A proxy presents a certificate of Amazon's public authorities, an instance one of RDS's own.
    return isRdsProxy(host) ? {} : { profile: 'Amazon RDS' }
  }
  if (ssl === true) return {}
  if (ssl === 'Amazon RDS') return { profile: 'Amazon RDS' }
  return verified(plainObject(typeof ssl === 'string' ? undefined : ssl, 'connection.ssl'))
}

const SSL_KEYS = ['ca', 'cert', 'key', 'passphrase', 'ciphers', 'minVersion', 'maxVersion']
const VERIFIERS = ['rejectUnauthorized', 'verifyIdentity']

function verified({ rejectUnauthorized, verifyIdentity, ...trust }: Record<string, unknown>): TlsOptions {
  for (const [key, value] of Object.entries({ rejectUnauthorized, verifyIdentity }))
    if (value !== undefined && value !== true)
      throw invalidOption(
        `connection.ssl.${key}`,
        shown(value),
        'true: whenever TLS is on, chain and host name are verified',
      )
  knownKeys(trust, [...SSL_KEYS, ...VERIFIERS], 'connection.ssl.')
  return trust
}
