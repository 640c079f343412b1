import { existsSync, readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { RuntimeName } from 'warmpool-local'

export const USAGE = `npm run invoke -- handlers/get-order.ts [options]

  --event FILE          JSON; default {}
  --times N             invocations of one container, default 1
  --freeze TIME         freeze the container for that long before each invocation but the first: 2s, 500ms
  --kill-while-frozen   the server closes its connections meanwhile
  --runtime NAME        ric (AWS's own runtime client) or loop; default: ric where it is built
  --timeout MS          the function's timeout, default 3000
  --json                one line of JSON per invocation`

export interface Options {
  readonly handler: string
  readonly event: unknown
  readonly times: number
  /** Milliseconds; undefined is no freeze. */
  readonly freeze: number | undefined
  readonly kill: boolean
  readonly runtime: RuntimeName | 'auto'
  readonly timeout: number
  readonly json: boolean
}

/** @throws what is wrong with them, in one sentence */
export function readOptions(args: string[]): Options {
  const { values, positionals } = parse(args)
  const kill = values['kill-while-frozen']
  if (kill && values.freeze === undefined)
    throw new Error('--kill-while-frozen needs --freeze, such as --freeze 1s.')
  return {
    handler: handlerFile(positionals),
    event: values.event === undefined ? {} : readEvent(values.event),
    times: positiveInteger('--times', values.times),
    freeze: values.freeze === undefined ? undefined : milliseconds('--freeze', values.freeze),
    kill,
    runtime: values.runtime as RuntimeName | 'auto', // checked by who chooses it
    timeout: positiveInteger('--timeout', values.timeout),
    json: values.json,
  }
}

function parse(args: string[]) {
  const options = {
    event: { type: 'string' },
    times: { type: 'string', default: '1' },
    freeze: { type: 'string' },
    'kill-while-frozen': { type: 'boolean', default: false },
    runtime: { type: 'string', default: 'auto' },
    timeout: { type: 'string', default: '3000' },
    json: { type: 'boolean', default: false },
  } as const
  try {
    return parseArgs({ args, allowPositionals: true, options })
  } catch (error) {
    const [reason] = (error as Error).message.split('. ')
    throw new Error(`${reason}; see npm run invoke -- --help.`)
  }
}

function handlerFile(positionals: string[]): string {
  const [handler, ...more] = positionals
  if (handler === undefined || more.length > 0)
    throw new Error(
      `One handler file is needed, ${positionals.length} were named; see npm run invoke -- --help.`,
    )
  if (!existsSync(handler)) throw new Error(`There is no handler file ${handler}.`)
  return handler
}

function readEvent(file: string): unknown {
  if (!existsSync(file)) throw new Error(`There is no event file ${file}.`)
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new Error(`The event file ${file} is not JSON: ${(error as Error).message}.`)
  }
}

function positiveInteger(option: string, text: string): number {
  const number = Number(text)
  if (Number.isInteger(number) && number > 0) return number
  throw new Error(`${option} is '${text}', but must be a whole number above 0.`)
}

function milliseconds(option: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  if (number !== undefined) return Number(number) * (unit === 's' ? 1000 : 1)
  throw new Error(`${option} is '${text}', but must be a time such as 2s or 500ms.`)
}
