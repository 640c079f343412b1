import type { Database } from '../../local/src/database/database.ts'
import { Network } from '../../local/src/network/network.ts'
import { missingForTokens, TokenDatabase } from '../../test/support/pam.ts'

/** A server in reach of a handler, over a network that can be slow. */
export interface Reachable {
  readonly network: Network
  /** The handler's environment. */
  readonly env: Readonly<Record<string, string>>
  /** mysql2's pool signs no tokens. */
  readonly onlyWarmpool: boolean
}

const KEYS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }

/** By how they let clients in: plain, over TLS, and with a token where this machine has what that takes. */
export async function servers(
  database: Database,
  stack: AsyncDisposableStack,
): Promise<Record<string, Reachable>> {
  const network = stack.use(await Network.to(database))
  const plain = { ...place(database, network), DB_USER: database.user, DB_PASSWORD: database.password }
  const tls = { ...plain, DB_CA: String(database.ca) }
  const ways = { plain: reachable(network, plain), TLS: reachable(network, tls) }
  const missing = missingForTokens()
  if (missing === undefined) return { ...ways, IAM: await withTokens(stack) }
  console.log(`IAM is left out. ${missing}`)
  return ways
}

/** The server starts a program of ours for each token, which takes it longer than RDS. */
async function withTokens(stack: AsyncDisposableStack): Promise<Reachable> {
  const { server } = stack.use(await TokenDatabase.start(KEYS))
  const network = stack.use(await Network.to(server))
  const env = {
    ...place(server, network),
    DB_USER: 'iam',
    DB_CA: String(server.ca),
    SIGNED_PORT: String(server.port),
    AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
    AWS_REGION: KEYS.region,
  }
  return { network, env, onlyWarmpool: true }
}

function reachable(network: Network, env: Record<string, string>): Reachable {
  return { network, env, onlyWarmpool: false }
}

/** By the name that the certificate has. */
function place({ database }: Database, network: Network): Record<string, string> {
  return { DB_HOST: 'localhost', DB_PORT: String(network.port), DB_NAME: database }
}
