import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { vi } from 'vitest'
import { keepSecret } from './secrets.ts'

export type Stage = 'AWSCURRENT' | 'AWSPENDING' | 'AWSPREVIOUS'

/** One question that came. */
export interface Asked {
  readonly by: 'service' | 'extension'
  readonly secretId: string
  readonly stage: string
  /** The region that the service's question was signed for. */
  readonly region?: string
  /** Of the extension: with `refreshNow`. */
  readonly fresh?: true
}

/** How the extension behaves: `'agent'` knows `refreshNow`, as the Secrets Manager Agent does; `'not ready'` is how it is in INIT. */
export type ExtensionMood = 'strict' | 'agent' | 'not ready' | 'empty' | 'silent'

/** The extension's own copies are good for so long, milliseconds: its default. */
const TTL = 300_000

/**
 * AWS Secrets Manager as far as it is read from, and the AWS Parameters and Secrets extension in front of it, on one local port.
 * Versions and their stages move as in a rotation by AWS's templates.
 */
export class SecretsManager implements AsyncDisposable {
  readonly asked: Asked[] = []
  extension: ExtensionMood = 'strict'
  /** The service's answer to whatever is asked, in place of a secret: an error of its own, or none for as long as it is set. */
  trouble: { type: string; message: string } | 'silent' | undefined
  /** Called before a question of the service's is answered. */
  onAsked: (asked: Asked) => void = () => {}
  readonly #server: Server
  readonly #secrets = new Map<string, Map<Stage, string | Uint8Array>>()
  readonly #copies = new Map<string, { until: number; body: string }>()

  private constructor() {
    this.#server = createServer((request, response) => {
      const answer =
        request.method === 'POST' ? this.#serve(request, response) : this.#extend(request, response)
      answer.catch((error) => response.destroy(error))
    })
  }

  static async start(): Promise<SecretsManager> {
    const manager = new SecretsManager()
    await new Promise<void>((resolve) => manager.#server.listen(0, 'localhost', resolve))
    return manager
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** For AWS_ENDPOINT_URL_SECRETS_MANAGER, which the SDK goes by. */
  get url(): string {
    return `http://localhost:${this.port}`
  }

  /** The SDK asks here from now on, with keys and a region; `vi.unstubAllEnvs()` ends it. */
  leadSdkHere(): void {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDEXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not+a/real=secret')
    vi.stubEnv('AWS_REGION', 'eu-west-1')
    vi.stubEnv('AWS_ENDPOINT_URL_SECRETS_MANAGER', this.url)
  }

  /** A secret in RDS's shape, in force from now on. */
  put(secretId: string, login: { username: string; password: string }, stage: Stage = 'AWSCURRENT'): void {
    keepSecret(login.password)
    this.putValue(
      secretId,
      JSON.stringify({ engine: 'mysql', host: 'elsewhere.example', port: 1, ...login }),
      stage,
    )
  }

  putValue(secretId: string, value: string | Uint8Array, stage: Stage = 'AWSCURRENT'): void {
    const stages = this.#secrets.get(secretId) ?? new Map()
    this.#secrets.set(secretId, stages.set(stage, value))
  }

  /** The last step of a rotation: what is pending is in force. */
  finishRotation(secretId: string): void {
    const stages = this.#secrets.get(secretId) as Map<Stage, string | Uint8Array>
    stages.set('AWSPREVIOUS', stages.get('AWSCURRENT') as string)
    stages.set('AWSCURRENT', stages.get('AWSPENDING') as string)
    stages.delete('AWSPENDING')
  }

  /** What was asked since the last call. */
  takeAsked(): Asked[] {
    return this.asked.splice(0)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { SecretId, VersionStage = 'AWSCURRENT' } = JSON.parse(await text(request))
    const [, region = ''] =
      /Credential=[^/]+\/\d{8}\/([^/]+)\/secretsmanager/.exec(request.headers.authorization ?? '') ?? []
    this.#note({ by: 'service', secretId: SecretId, stage: VersionStage, region })
    if (this.trouble === 'silent') return
    const [status, body] =
      request.headers['x-amz-target'] !== 'secretsmanager.GetSecretValue'
        ? [400, problem('UnknownOperationException', 'only GetSecretValue is played here')]
        : this.#value(SecretId, VersionStage)
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(body)
  }

  async #extend(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '', this.url)
    const secretId = searchParams.get('secretId') ?? ''
    const stage = searchParams.get('versionStage') ?? 'AWSCURRENT'
    const fresh = searchParams.get('refreshNow') === 'true'
    this.#note({ by: 'extension', secretId, stage, ...(fresh && { fresh }) })
    if (this.extension === 'silent') return
    const answer = (status: number, body: string) => void response.writeHead(status).end(body)
    if (request.headers['x-aws-parameters-secrets-token'] !== process.env.AWS_SESSION_TOKEN)
      return answer(401, 'invalid token')
    if (pathname !== '/secretsmanager/get') return answer(404, 'not found')
    if (this.extension === 'not ready') return answer(400, 'not ready to serve traffic, please wait')
    if (this.extension === 'empty') return answer(200, '{}')
    if (fresh && this.extension === 'strict') return answer(400, 'unknown parameter')
    const key = `${secretId} ${stage}`
    const copy = this.#copies.get(key)
    if (copy && !fresh && Date.now() < copy.until) return answer(200, copy.body)
    const [status, body] = this.#value(secretId, stage)
    if (status === 200) this.#copies.set(key, { until: Date.now() + TTL, body })
    answer(status, body)
  }

  #value(secretId: string, stage: string): [status: number, body: string] {
    if (this.trouble && this.trouble !== 'silent')
      return [400, problem(this.trouble.type, this.trouble.message)]
    const value = this.#secrets.get(secretId)?.get(stage as Stage)
    if (value === undefined)
      return [400, problem('ResourceNotFoundException', `Secrets Manager can't find ${secretId}, ${stage}.`)]
    const content =
      typeof value === 'string'
        ? { SecretString: value }
        : { SecretBinary: Buffer.from(value).toString('base64') }
    return [200, JSON.stringify({ Name: secretId, VersionStages: [stage], ...content })]
  }

  #note(asked: Asked): void {
    this.asked.push(asked)
    this.onAsked(asked)
  }
}

function problem(type: string, message: string): string {
  return JSON.stringify({ __type: type, message, Message: message })
}
