import { isIP } from 'node:net'
import { invalidOption } from '../errors.ts'
import { isPlainObject, kindOf, shown } from '../options/check.ts'
import { trustOf } from '../options/trust.ts'
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

/**
 * RDS instances, clusters and proxies. The China regions have it the other way round (`.rds.cn-north-1.amazonaws.com.cn`,
 * and of old like everywhere else), other partitions have endings of their own.
 */
const RDS = /\.([^.]+\.rds(-fips)?|rds(-fips)?\.[^.]+)\.amazonaws\.[a-z]+(\.cn)?\.?$/i
const PROXY = /\.proxy-[^.]+\.[^.]+\.[^.]+\.amazonaws\.[a-z.]+$/i

export function isRdsEndpoint(host: string): boolean {
  return RDS.test(host)
}

export function isRdsProxy(host: string): boolean {
  return RDS.test(host) && PROXY.test(host)
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
  if (ssl === undefined || ssl === false) {
    if (!isRdsEndpoint(host)) return undefined
    // A proxy presents a certificate of Amazon's public authorities, an instance one of RDS's own.
    return isRdsProxy(host) ? {} : { profile: 'Amazon RDS' }
  }
  if (ssl === true) return {}
  if (ssl === 'Amazon RDS') return { profile: 'Amazon RDS' }
  if (isPlainObject(ssl)) return verified(ssl)
  throw invalidOption('connection.ssl', kindOf(ssl), "true, false, 'Amazon RDS', or an object such as { ca }")
}

function verified({ rejectUnauthorized, verifyIdentity, ...trust }: Record<string, unknown>): TlsOptions {
  for (const [key, value] of Object.entries({ rejectUnauthorized, verifyIdentity }))
    if (value !== undefined && value !== true)
      throw invalidOption(
        `connection.ssl.${key}`,
        shown(value),
        'true: whenever TLS is on, chain and host name are verified',
      )
  return trustOf(trust, 'connection.ssl')
}
