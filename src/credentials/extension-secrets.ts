import type { IncomingMessage, RequestOptions } from 'node:http'

/** Where the AWS Parameters and Secrets extension listens unless PARAMETERS_SECRETS_EXTENSION_HTTP_PORT says otherwise. */
const PORT = '2773'
/** A secret is 64 KiB at most, which JSON can make six times as long. */
const LONGEST_ANSWER = 512 * 1024

/**
 * Whether it is worth asking for. It is a Lambda layer, and wants the session token of the function's role: nobody else's port is
 * told that, unless the port is named. It reads in the function's own region.
 */
export function extensionExpected(region: string | undefined, env = process.env): boolean {
  const here = env.AWS_LAMBDA_FUNCTION_NAME ?? env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT
  const near = region === undefined || region === env.AWS_REGION
  return Boolean(here && env.AWS_SESSION_TOKEN && near)
}

/**
 * The text of a secret by the extension; `undefined` where it is binary. Where there is no extension, the connection is refused at
 * once. While INIT lasts it answers 400, "not ready to serve traffic".
 *
 * @param fresh past its own copies. Its relative, the Secrets Manager Agent, has `refreshNow` for that; of the extension it is not
 * documented, so what does not know it is asked without
 */
export async function askExtension(
  secretId: string,
  versionStage: string,
  fresh: boolean,
): Promise<string | undefined> {
  const query = new URLSearchParams({ secretId, versionStage })
  if (!fresh) return readAnswer(await get(query))
  const anew = await get(new URLSearchParams([...query, ['refreshNow', 'true']]))
  return readAnswer(anew.status === 200 ? anew : await get(query))
}

interface HttpAnswer {
  readonly status: number
  readonly body: string
}

/** Nothing of the body is ever told, as it may be the secret. */
function readAnswer({ status, body }: HttpAnswer): string | undefined {
  if (status !== 200) throw new Error(`the Parameters and Secrets extension answered ${status}`)
  let answer: unknown
  try {
    answer = JSON.parse(body)
  } catch {
    throw new Error('the Parameters and Secrets extension answered with something that is not JSON')
  }
  const { SecretString, SecretBinary } = (answer ?? {}) as { SecretString?: unknown; SecretBinary?: unknown }
  if (typeof SecretString === 'string') return SecretString
  if (SecretBinary === undefined)
    throw new Error('the Parameters and Secrets extension answered without a secret')
  return undefined
}

/** By node:http, loaded when it is needed: the first `fetch` of a process costs it about 30 ms. */
async function get(query: URLSearchParams): Promise<HttpAnswer> {
  const { request } = await import('node:http')
  const options: RequestOptions = {
    host: 'localhost',
    port: process.env.PARAMETERS_SECRETS_EXTENSION_HTTP_PORT ?? PORT,
    path: `/secretsmanager/get?${query}`,
    headers: { 'X-Aws-Parameters-Secrets-Token': process.env.AWS_SESSION_TOKEN },
    agent: false, // no socket is kept
    timeout: 2000,
  }
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>()
  const asking = request(options, (response) => readWhole(response).then(resolve, reject))
  asking.on('error', reject)
  asking.on('timeout', () => asking.destroy(new Error('the Parameters and Secrets extension gave no answer')))
  asking.end()
  return promise
}

async function readWhole(response: IncomingMessage): Promise<HttpAnswer> {
  response.setEncoding('utf8')
  let body = ''
  for await (const piece of response) {
    body += piece
    if (body.length > LONGEST_ANSWER) throw new Error('the Parameters and Secrets extension never stopped')
  }
  return { status: response.statusCode ?? 0, body }
}
