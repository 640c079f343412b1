import { invalidOption, WarmpoolError } from '../errors.ts'
import { isPlainObject, knownKeys, plainObject, text } from '../options/check.ts'
import type { Credentials, CredentialsRequest, GivenCredentials } from '../options/types.ts'
import { Kept } from './kept.ts'
import { fetchSecret, type SecretPlace, type Stage } from './secret-sources.ts'

/** What {@link secret} takes. */
export interface SecretOptions {
  /** The secret's name or ARN. */
  readonly secretId: string
  /** AWS region. Default: that of the ARN, else the SDK's (`AWS_REGION`). */
  readonly region?: string
}

/** What a secret holds of use. */
type Held = Required<Pick<GivenCredentials, 'user' | 'password'>>

/**
 * User and password from a secret of AWS Secrets Manager in RDS's shape (`{ "username", "password", … }`; where to connect stays the
 * connection's affair). It is read from the AWS Parameters and Secrets extension where the function has that layer, else by
 * `@aws-sdk/client-secrets-manager` (an optional peer, loaded when the first connection opens), and kept for as long as it works: when
 * the server refuses it, it is read anew, past the extension's own copy, and tried once more.
 *
 * ```ts
 * createPool({ connection: { host, database: 'shop' }, credentials: secret({ secretId: 'shop/database' }) })
 * ```
 *
 * @throws WarmpoolError `INVALID_OPTION` for an unknown option or no `secretId`; when connecting, `CREDENTIALS_FAILED`
 */
export function secret(options: SecretOptions): Credentials {
  const place = checked(options)
  const kept = new Kept<Held>()
  const credentials = (request: CredentialsRequest) =>
    kept.get(request, async (last) => {
      const value =
        last && request.renew ? await otherThan(last, place) : await read(place, 'AWSCURRENT', false)
      return { value, reusable: Number.POSITIVE_INFINITY }
    })
  // toJSON lets pools with equal secret() share one target.
  return Object.assign(credentials, { toJSON: () => ({ secret: options }) })
}

function checked(options: unknown): SecretPlace {
  const given = plainObject(options, 'secret(options)')
  knownKeys(given, ['secretId', 'region'], 'secret.')
  const secretId = text(given.secretId, 'secret.secretId')
  const region = given.region === undefined ? undefined : text(given.region, 'secret.region')
  if (/^\s*\{/.test(secretId)) throw invalidOption('secret.secretId', 'JSON', "the secret's name or ARN")
  return { secretId, region: region ?? /^arn:[^:]*:secretsmanager:([^:]+):/.exec(secretId)?.[1] }
}

/**
 * What takes the place of a login that was refused. A rotation changes the password on the server first and moves AWSCURRENT last:
 * in between, what is pending is right. While that is looked at, the rotation may come to its end.
 */
async function otherThan(refused: Held, place: SecretPlace): Promise<Held> {
  const differs = ({ user, password }: Held) => user !== refused.user || password !== refused.password
  const current = await read(place, 'AWSCURRENT', true)
  if (differs(current)) return current
  const pending = await read(place, 'AWSPENDING', true).catch(() => undefined)
  return pending && differs(pending) ? pending : read(place, 'AWSCURRENT', true)
}

async function read(place: SecretPlace, stage: Stage, fresh: boolean): Promise<Held> {
  const value = await fetchSecret(place, stage, fresh)
  const wrong = (what: string) =>
    new WarmpoolError(
      'CREDENTIALS_FAILED',
      `the secret ${place.secretId} ${what}; accepted: RDS's JSON with username and password, both texts`,
      { retryable: true, outcome: 'not-sent' },
    )
  if (value === undefined) throw wrong('is binary')
  const parsed = parse(value)
  if (!isPlainObject(parsed)) throw wrong('is not a JSON object')
  const { username, password } = parsed
  if (typeof username !== 'string' || username === '') throw wrong('has no username')
  if (typeof password !== 'string') throw wrong('has no password')
  return { user: username, password }
}

/** What JSON.parse says holds a piece of the text, which is why nobody may hear of it. */
function parse(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}
