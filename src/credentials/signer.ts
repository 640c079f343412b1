import type { Signer } from '@aws-sdk/rds-signer'
import { missingPeer } from './peer.ts'

/** What a token is good for. */
export interface Place {
  readonly hostname: string
  readonly port: number
  readonly username: string
  readonly region: string
}

interface Keys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly expiration?: Date
}

export interface Signed {
  readonly token: string
  /** Missing where the keys do not say: those in Lambda's environment outlast the container. */
  readonly keysExpire: Date | undefined
}

/** Makes a token, with the keys that the SDK finds now. */
export async function sign(place: Place): Promise<Signed> {
  const { Signer } = await loadSigner()
  const signer = new Signer(place)
  const keys = await keysOf(signer)
  if (!keys) return { token: await signer.getAuthToken(), keysExpire: undefined }
  // With these very keys: asked again, whoever gives them could give others, which expire at another time.
  const token = await new Signer({ ...place, credentials: keys }).getAuthToken()
  return { token, keysExpire: keys.expiration }
}

/**
 * The SDK looks for keys in a dozen places, and its signer has that ready, though its types do not show it. Without it the token is
 * the same, and nobody knows when its keys expire.
 */
async function keysOf(signer: Signer): Promise<Keys | undefined> {
  const { credentials } = signer as unknown as { credentials?: unknown }
  return typeof credentials === 'function' ? ((await credentials()) as Keys) : undefined
}

async function loadSigner(): Promise<typeof import('@aws-sdk/rds-signer')> {
  try {
    return await import('@aws-sdk/rds-signer')
  } catch (cause) {
    throw missingPeer('iam()', '@aws-sdk/rds-signer', cause)
  }
}
