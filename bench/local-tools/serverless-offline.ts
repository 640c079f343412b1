import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../../local/src/database/port.ts'
import { Program } from './program.ts'
import {
  type Bed,
  type Config,
  type FunctionName,
  type Open,
  type Running,
  type Served,
  type Told,
  type Tool,
  toldOfSeveral,
  WHILE,
} from './tool.ts'

interface Offline {
  readonly program: Program
  readonly port: (of: 'http' | 'lambda' | 'websocket') => number
}

/** `serverless-offline`, as it comes: each container is a worker thread of the tool's process. */
export class ServerlessOffline implements Tool {
  readonly name = 'serverless-offline'
  readonly #bed: Bed

  constructor(bed: Bed) {
    this.#bed = bed
  }

  async open(name: FunctionName, { config = 'serverless', concurrency }: Open = {}): Promise<Running> {
    const { program, port } = await this.#start(config, {
      ...toldOfSeveral(concurrency),
      DATABASE_URL: this.#bed.database.url,
    })
    const url = invokeUrl(port('lambda'), config, name)
    return {
      invoke: (event) => invoke(url, event),
      between: async (act) => {
        await act?.()
        await sleep(WHILE)
      },
      end: () => program.interrupt(),
      get log() {
        return program.printed
      },
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    }
  }

  async withoutDatabase(event: object): Promise<Told> {
    const { program, port } = await this.#start('serverless', {})
    await using _ = program
    return invoke(invokeUrl(port('lambda'), 'serverless', 'shop'), event)
  }

  async serve(config: Config): Promise<Served> {
    const { program, port } = await this.#start(config, { DATABASE_URL: this.#bed.database.url })
    return {
      url: `http://127.0.0.1:${port('http')}`,
      webSocketUrl: `ws://127.0.0.1:${port('websocket')}`,
      invokeUrl: (name) => invokeUrl(port('lambda'), config, name),
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    }
  }

  async #start(config: Config, env: Record<string, string>): Promise<Offline> {
    const ports = { http: await freePort(), lambda: await freePort(), websocket: await freePort() }
    const args = [
      'offline',
      'start',
      '--config',
      `${config}.yml`,
      '--host',
      '127.0.0.1',
      '--noPrependStageInUrl',
    ]
    for (const [of, port] of Object.entries(ports)) args.push(`--${of}Port`, String(port))
    const { shell, artifact } = this.#bed
    const program = new Program('osls', args, { env: { ...shell, ARTIFACT: artifact.zip, ...env } })
    await program.says(/Server ready/)
    return { program, port: (of) => ports[of] }
  }
}

function invokeUrl(port: number, config: Config, name: FunctionName): string {
  const service = config === 'serverless' ? 'probe' : config
  return `http://127.0.0.1:${port}/2015-03-31/functions/${service}-dev-${name}/invocations`
}

async function invoke(url: string, event: object): Promise<Told> {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(10_000),
    })
    const text = await answer.text()
    const response = text === '' ? null : JSON.parse(text)
    const message = answer.headers.get('x-amz-function-error') === null ? response?.errorMessage : text
    return message === undefined ? { ok: answer.ok, response } : { ok: false, message }
  } catch (error) {
    return { ok: false, message: (error as Error).message }
  }
}
