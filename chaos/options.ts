import { parseArgs } from 'node:util'
import type { RuntimeName } from '../local/src/lambda/runtime.ts'
import type { ClientName } from './judge/history.ts'

/** What `npm run chaos` can be told. */
export interface Options {
  readonly invocations: number
  readonly seed: number
  readonly client: ClientName
  readonly concurrency: number | undefined
  readonly runtime: RuntimeName | 'auto'
  readonly script: string | undefined
  readonly mutants: boolean
  readonly compare: boolean
  readonly write: boolean
}

export const CLIENTS: readonly ClientName[] = ['warmpool', 'mysql2', 'serverless-mysql']

export const USAGE = `npm run chaos -- [options]

  --invocations N    how many, default 1000
  --seed S           of the scripts, a whole number; default another one each time
  --client NAME      ${CLIENTS.join(', ')}; default warmpool
  --concurrency N    invocations a container takes at once; default 1 in one world and 4 in another, side by side
  --runtime NAME     ric (AWS's own runtime client) or loop; default ric where it is built
  --script FILE      plays this one script, as a failure has printed it
  --mutants          takes warmpool's mechanisms away, one after the other, and tells when that is noticed
  --compare          plays the same with every client; with --write, writes the table of docs/chaos.md
  --help`

/** @throws Error in one sentence about the first that cannot be used */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      invocations: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      client: { type: 'string', default: 'warmpool' },
      concurrency: { type: 'string' },
      runtime: { type: 'string', default: 'auto' },
      script: { type: 'string' },
      mutants: { type: 'boolean', default: false },
      compare: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  const { script, mutants, compare, write, concurrency } = values
  return {
    invocations: whole('invocations', values.invocations, 1),
    seed: whole('seed', values.seed, 0),
    client: oneOf('client', values.client, CLIENTS),
    concurrency: concurrency === undefined ? undefined : whole('concurrency', concurrency, 1),
    runtime: oneOf('runtime', values.runtime, ['auto', 'ric', 'loop'] as const),
    ...{ script, mutants, compare, write },
  }
}

function whole(name: string, value: string, least: number): number {
  const number = Number(value)
  if (Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`--${name}: received ${value}; accepted: a whole number from ${least} on.`)
}

function oneOf<T extends string>(name: string, value: string, accepted: readonly T[]): T {
  if (accepted.includes(value as T)) return value as T
  throw new Error(`--${name}: received ${value}; accepted: ${accepted.join(', ')}.`)
}
