import { setTimeout as sleep } from 'node:timers/promises'
import { Program } from './program.ts'
import {
  type Bed,
  type FunctionName,
  type Open,
  type Running,
  type Told,
  type Tool,
  toldOfSeveral,
  WHILE,
} from './tool.ts'

/** `osls invoke local`: a process for each invocation, with the handler inside the tool's own. */
export class InvokeLocal implements Tool {
  readonly name = 'osls invoke local'
  readonly #bed: Bed

  constructor(bed: Bed) {
    this.#bed = bed
  }

  async open(name: FunctionName, { config = 'serverless', concurrency }: Open = {}): Promise<Running> {
    const { shell, artifact, database } = this.#bed
    const env = {
      ...shell,
      ...toldOfSeveral(concurrency),
      ARTIFACT: artifact.zip,
      DATABASE_URL: database.url,
    }
    let log = ''
    return {
      invoke: async (event) => {
        await using program = invoke(name, event, config, env)
        const told = toldBy(await program.answer(), program.printed)
        log += program.printed
        return told
      },
      between: async (act) => {
        await act?.()
        await sleep(WHILE)
      },
      end: async () => {},
      get log() {
        return log
      },
      [Symbol.asyncDispose]: async () => {},
    }
  }

  async withoutDatabase(event: object): Promise<Told> {
    await using program = invoke('shop', event, 'serverless', this.#bed.shell)
    return toldBy(await program.answer(), program.printed)
  }

  async serve(): Promise<undefined> {}
}

function invoke(name: FunctionName, event: object, config: string, env: Record<string, string>): Program {
  const args = [
    'invoke',
    'local',
    '--config',
    `${config}.yml`,
    '--function',
    name,
    '--data',
    JSON.stringify(event),
  ]
  return new Program('osls', args, { env })
}

/** It prints the answer, or the error, as JSON; what goes wrong before that, as text. */
function toldBy(answer: string, printed: string): Told {
  try {
    const response = JSON.parse(answer.slice(answer.search(/^[[{"\d]|^null/m)))
    const message = response?.errorMessage
    return message === undefined ? { ok: true, response } : { ok: false, message }
  } catch {
    return { ok: false, message: printed }
  }
}
