import { isIP } from 'node:net'
import { invalidOption } from '../errors.ts'
import { type Check, integer, knownKeys, plainObject, shown, text } from '../options/check.ts'
import type { Credentials, CredentialsRequest, GivenCredentials } from '../options/types.ts'
import { tokenReusable } from '../policy/token-life.ts'
import { isRdsEndpoint } from '../target/tls.ts'
import { Kept } from './kept.ts'
import { type Place, sign } from './signer.ts'

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
 * IAM database authentication, by tokens that `@aws-sdk/rds-signer` makes (an optional peer, loaded when the first connection opens).
 * One token serves all connections that open within 10 minutes, or for as long as the keys that signed it are good; a refused one is
 * made anew once. It travels in clear, so the pool demands verified TLS when it is created.
 *
 * ```ts
 * createPool({ connection: { host, user: 'shop', database: 'shop' }, credentials: iam() })
 * ```
 *
 * @throws WarmpoolError `INVALID_OPTION` for an unknown option or an address in place of a name; when connecting, for a missing region
 * or user
 */
export function iam(options: IamOptions = {}): Credentials {
  checkOptions(options)
  const tokens = new Map<string, Kept<GivenCredentials>>()
  const credentials = async (request: CredentialsRequest) => {
    const place = placeOf(options, request)
    const key = JSON.stringify(place)
    const kept = tokens.get(key) ?? new Kept()
    tokens.set(key, kept)
    return kept.get(request, () => tokenFor(place))
  }
  return Object.assign(credentials, {
    cleartext: true as const,
    check: (place: Connected) => void placeOf(options, place),
    doubt: ({ host }: { host: string }) => doubtOf(options.hostname ?? host),
    // Lets pools with equal iam() share one target.
    toJSON: () => ({ iam: options }),
  })
}

const NAME = /^[\w.-]+$/
const REGION_NAME = /^[a-z]{2}[a-z-]*-\d+$/

const CHECKS: { [K in keyof IamOptions]-?: Check<unknown> } = {
  region: spelled(REGION_NAME, 'the name of a region, such as eu-west-1'),
  hostname: spelled(NAME, 'a host name'),
  port: integer(1, 65535),
  user: text,
}

function checkOptions(options: unknown): void {
  const given = plainObject(options, 'iam(options)')
  if ('renew' in given) throw invalidOption('credentials', 'iam itself', 'what it gives: iam()')
  knownKeys(given, Object.keys(CHECKS), 'iam.')
  for (const [name, check] of Object.entries(CHECKS))
    if (given[name] !== undefined) check(given[name], `iam.${name}`)
  if (isIP(String(given.hostname))) throw noName('iam.hostname', String(given.hostname))
}

function spelled(form: RegExp, accepted: string): Check<unknown> {
  return (value, option) => {
    if (typeof value !== 'string' || !form.test(value)) throw invalidOption(option, shown(value), accepted)
  }
}

type Connected = Pick<CredentialsRequest, 'host' | 'port'> & { readonly user?: string | undefined }

/** @throws WarmpoolError `INVALID_OPTION` for what no token can be signed for */
function placeOf(options: IamOptions, { host, port, user }: Connected): Place {
  const hostname = options.hostname ?? host
  const username = options.user ?? user
  if (isIP(hostname)) throw noName('connection.host', hostname)
  if (!username) throw invalidOption('connection.user', 'nothing', 'the database user that the token is for')
  return { hostname, port: options.port ?? port, username, region: regionOf(options, hostname) }
}

/** Its times are those of the system's clock, which RDS compares with its own. */
async function tokenFor(place: Place): Promise<{ value: GivenCredentials; reusable: number }> {
  const { hostname, port, username, region } = place
  const { token, keysExpire } = await sign(place)
  const signed = `for ${hostname}:${port} as ${username} in ${region} at ${new Date().toISOString().replace(/\.\d+/, '')}`
  const keysLast = keysExpire && keysExpire.getTime() - Date.now()
  return { value: { user: username, password: token, signed }, reusable: tokenReusable(keysLast) }
}

function noName(option: string, address: string): Error {
  return invalidOption(
    option,
    `the address ${address}`,
    "the endpoint's name: RDS takes an IAM token only for the name that was signed, and TLS verifies it",
  )
}

/** `localhost` is for tests and tunnels, whose tokens somebody else judges. */
function doubtOf(hostname: string): string | undefined {
  if (hostname === 'localhost' || isRdsEndpoint(hostname)) return undefined
  return `iam() signs for ${hostname}, which is no RDS endpoint: RDS takes a token only for the endpoint's own name; where this one leads there, as a CNAME does, connect to that name itself, as its certificate has no other, or give it as iam({ hostname })`
}

/** In an endpoint's name the region stands before `rds`; in the China regions after it, or before it as well. */
const REGION = /\.(?:([^.]+)\.rds(?:-fips)?|rds(?:-fips)?\.([^.]+))\.amazonaws\.[a-z.]+$/i

function regionOf(options: IamOptions, hostname: string): string {
  const [, before, after] = REGION.exec(hostname) ?? []
  const named = before ?? after
  if (named && options.region && named.toLowerCase() !== options.region)
    throw invalidOption('iam.region', `'${options.region}'`, `nothing, or ${named}, which ${hostname} is in`)
  const region = named?.toLowerCase() ?? options.region ?? process.env.AWS_REGION
  if (region) return region
  throw invalidOption('iam.region', 'nothing', `a region: ${hostname} names none and AWS_REGION is not set`)
}
