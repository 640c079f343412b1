import { isIP } from 'node:net'
import { invalidOption, WarmpoolError } from '../errors.ts'
import { knownKeys } from '../options/check.ts'
import type { Credentials, CredentialsRequest } from '../options.ts'

/** What {@link iam} takes when the connection does not already say it. */
export interface IamOptions {
  /** AWS region. Default: from the endpoint's name, else `AWS_REGION`. */
  readonly region?: string
  /** The host name that is signed, where it differs from the connection's (a CNAME in front). It must be the real endpoint. */
  readonly hostname?: string
  /** The port that is signed. Default: the connection's. */
  readonly port?: number
  /** The database user. Default: the connection's. */
  readonly user?: string
}

/**
 * IAM database authentication: a fresh token for each handshake, made by `@aws-sdk/rds-signer` (an optional peer, loaded
 * when the first connection opens). The token travels in clear, so the pool demands verified TLS when it is created.
 *
 * ```ts
 * createPool({ connection: { host, user: 'shop', database: 'shop' }, credentials: iam() })
 * ```
 *
 * @throws WarmpoolError `INVALID_OPTION` for an unknown option; when connecting, for a missing region or user
 */
export function iam(options: IamOptions = {}): Credentials {
  knownKeys(options, ['region', 'hostname', 'port', 'user'], 'iam.')
  const sign = async (request: CredentialsRequest) => {
    const hostname = options.hostname ?? request.host
    const username = options.user ?? request.user
    if (isIP(hostname))
      throw invalidOption('host', hostname, 'the name of the endpoint: a token is signed for a host name')
    if (!username) throw invalidOption('user', 'nothing', 'the database user that the token is for')
    const { Signer } = await loadSigner()
    const signer = new Signer({
      hostname,
      port: options.port ?? request.port,
      username,
      region: regionOf(options, hostname),
    })
    return { user: username, password: await signer.getAuthToken() }
  }
  // toJSON lets pools with equal iam() share one target.
  return Object.assign(sign, { cleartext: true as const, toJSON: () => ({ iam: options }) })
}

async function loadSigner(): Promise<typeof import('@aws-sdk/rds-signer')> {
  try {
    return await import('@aws-sdk/rds-signer')
  } catch (cause) {
    throw new WarmpoolError(
      'CREDENTIALS_FAILED',
      'iam() needs @aws-sdk/rds-signer: npm install @aws-sdk/rds-signer',
      { cause, outcome: 'not-sent' },
    )
  }
}

function regionOf(options: IamOptions, hostname: string): string {
  const region =
    options.region ?? /\.([^.]+)\.rds\.amazonaws\.com(\.cn)?$/i.exec(hostname)?.[1] ?? process.env.AWS_REGION
  if (region) return region
  throw invalidOption('iam.region', 'nothing', `a region: ${hostname} names none and AWS_REGION is not set`)
}
