import { clock } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import { inTime, Patience } from '../patience.ts'
import { askExtension, extensionExpected } from './extension-secrets.ts'
import { missingPeer } from './peer.ts'
import { toldOf } from './thrown.ts'

export interface SecretPlace {
  readonly secretId: string
  readonly region: string | undefined
}

/** Which version of a secret: the one in force, or the one that a rotation is about to put in force. */
export type Stage = 'AWSCURRENT' | 'AWSPENDING'

/** How long one source may take, retries included, milliseconds. Time asleep is not counted. */
const TIME_LIMIT = 5000
/** Of the SDK's: how long one attempt may take to connect, and to be answered. Milliseconds; it makes up to three. */
const [DIAL_LIMIT, ANSWER_LIMIT] = [1000, 2000]

const SDK = '@aws-sdk/client-secrets-manager'

/**
 * The text of a secret; `undefined` where it is binary. From the extension where there is one; but a fresh one from the service
 * itself, as the extension keeps copies of its own, for 5 minutes unless told otherwise (SECRETS_MANAGER_TTL).
 *
 * @throws WarmpoolError `CREDENTIALS_FAILED`
 */
export async function fetchSecret(
  place: SecretPlace,
  stage: Stage,
  fresh: boolean,
): Promise<string | undefined> {
  const ofExtension = () => limited(() => askExtension(place.secretId, stage, fresh))
  if (!extensionExpected(place.region)) return askService(place, stage)
  if (fresh) return askService(place, stage).catch((error) => ofExtension().catch(() => raise(error)))
  return ofExtension().catch((trouble: NodeJS.ErrnoException) =>
    askService(place, stage, trouble.code === 'ECONNREFUSED' ? undefined : trouble),
  )
}

/** @param trouble of an extension that is there: where the SDK is not, it is what is wrong */
async function askService(
  { secretId, region }: SecretPlace,
  stage: Stage,
  trouble?: Error,
): Promise<string | undefined> {
  const { SecretsManagerClient, GetSecretValueCommand } = await import(
    '@aws-sdk/client-secrets-manager'
  ).catch((cause) => raise(trouble ? unreadable(secretId, trouble) : missingPeer('secret()', SDK, cause)))
  const client = new SecretsManagerClient({
    ...(region && { region }),
    requestHandler: {
      connectionTimeout: DIAL_LIMIT,
      requestTimeout: ANSWER_LIMIT,
      throwOnRequestTimeout: true,
    },
  })
  try {
    const command = new GetSecretValueCommand({ SecretId: secretId, VersionStage: stage })
    const { SecretString } = await limited((abortSignal) => client.send(command, { abortSignal }))
    return SecretString
  } catch (thrown) {
    throw unreadable(secretId, thrown as Error)
  } finally {
    client.destroy() // it is needed again after the next rotation, in days
  }
}

/** The name of an error of the SDK's says more than its words do. */
function unreadable(secretId: string, thrown: Error): WarmpoolError {
  const { words, cause } = toldOf(thrown)
  const { name } = thrown
  const said = name === 'Error' || words.startsWith(name) ? words : `${name}: ${words}`
  return new WarmpoolError('CREDENTIALS_FAILED', `the secret ${secretId} could not be read: ${said}`, {
    cause,
    retryable: true,
    outcome: 'not-sent',
  })
}

/** Whoever waits may have less time than this; but what was asked for is for all. */
async function limited<T>(ask: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController()
  const patience = new Patience(clock.now() + TIME_LIMIT, new AbortController().signal)
  try {
    return await inTime(ask(controller.signal), patience, () => new Error(`no answer in ${TIME_LIMIT} ms`))
  } finally {
    controller.abort()
  }
}

function raise(error: unknown): never {
  throw error
}
