import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { localLambda } from '../../local/src/function/local-lambda.ts'
import { Program, SERVICE } from './program.ts'
import {
  type Bed,
  type Config,
  type FunctionName,
  ONE_WORKER,
  type Open,
  type Running,
  type Served,
  type Told,
  type Tool,
  WHILE,
} from './tool.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** How late the server's FIN comes after a thaw, milliseconds. */
const LATE_BY = 20

/** `warmpool-local`: the library where invocations are made one by one, the command for the HTTP API and the database. */
export class WarmpoolLocal implements Tool {
  readonly name = 'warmpool-local'
  readonly #bed: Bed

  constructor(bed: Bed) {
    this.#bed = bed
  }

  async open(name: FunctionName, { config = 'serverless', concurrency }: Open = {}): Promise<Running> {
    const { artifact, database } = this.#bed
    const source = join(SERVICE, name === 'python' ? 'python.py' : `${name}.ts`)
    let log = ''
    const add = (line: string) => {
      log += `${line}\n`
    }
    const lambda = await localLambda({
      ...(config === 'artifact' ? { handler: artifact.module, bundle: false } : { handler: source }),
      timeout: name === 'shop' ? 10_000 : 1000,
      memorySize: 128,
      env: { OWN: 'its own', ...(concurrency !== undefined && ONE_WORKER) },
      database,
      ...(concurrency !== undefined && { concurrency }),
      onOutput: add,
      onPlatform: add,
    })
    return {
      invoke: async (event) => {
        const result = await lambda.invoke(event)
        if (result.ok) return { ok: true, response: result.response }
        return { ok: false, message: `${result.error.errorType}: ${result.error.errorMessage}` }
      },
      between: async (act) => {
        await lambda.freeze({ lateBy: LATE_BY })
        await act?.()
        await sleep(WHILE)
      },
      end: () => lambda.shutdown(),
      get log() {
        return log
      },
      [Symbol.asyncDispose]: () => lambda[Symbol.asyncDispose](),
    }
  }

  async withoutDatabase(event: object): Promise<Told> {
    const args = ['invoke', 'handlers/get-order.ts', '--event', JSON.stringify(event), '--json']
    args.push('--setup', 'scripts/shop-setup.ts')
    await using program = new Program('warmpool-local', args, { env: this.#bed.shell, cwd: ROOT })
    const answer = await program.answer()
    try {
      return JSON.parse(answer)
    } catch {
      return { ok: false, message: program.printed }
    }
  }

  async serve(config: Config): Promise<Served> {
    const args = ['start', '--config', `${config}.yml`, '--port', '0']
    const env = { ...this.#bed.shell, DATABASE_URL: this.#bed.database.url }
    const program = new Program('warmpool-local', args, { env })
    const [url] = await program.says(/http:\/\/[\w.]+:\d+/)
    return {
      url,
      webSocketUrl: url.replace('http:', 'ws:'),
      invokeUrl: (name) => `${url}/2015-03-31/functions/${name}/invocations`,
      [Symbol.asyncDispose]: () => program[Symbol.asyncDispose](),
    }
  }
}
