import { parseArgs } from 'node:util'

/** What there is to soak, a file each. */
export const NAMES = ['thaw', 'failover', 'shutdown'] as const

export type SoakName = (typeof NAMES)[number]

/** What `npm run soak` can be told. */
export interface Options {
  readonly name: SoakName
  readonly cycles: number
  readonly seed: number
  /** Milliseconds. */
  readonly atMost: number
}

const CYCLES = 10_000
const MINUTES = 60
const LONGEST_SEED = 1_000_000

export const USAGE = `npm run soak -- ${NAMES.join('|')} [options]

  --cycles N     how many, default ${CYCLES}
  --seed S       of what is done at random, a whole number; default another one each time
  --minutes M    the longest it may take, default ${MINUTES}: what was done by then counts
  --help`

/** @returns undefined where help was asked for @throws Error in one sentence about the first that cannot be used */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cycles: { type: 'string', default: String(CYCLES) },
      seed: { type: 'string', default: String(Math.floor(Math.random() * LONGEST_SEED)) },
      minutes: { type: 'string', default: String(MINUTES) },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return undefined
  return {
    name: nameOf(positionals),
    cycles: whole('cycles', values.cycles, 1),
    seed: whole('seed', values.seed, 0),
    atMost: whole('minutes', values.minutes, 1) * 60_000,
  }
}

function nameOf(positionals: readonly string[]): SoakName {
  const name = NAMES.find((known) => known === positionals[0])
  if (name && positionals.length === 1) return name
  const received = positionals.length === 0 ? 'nothing' : positionals.join(' ')
  throw new Error(`What to soak: received ${received}; accepted: one of ${NAMES.join(', ')}.`)
}

function whole(name: string, value: string, least: number): number {
  const number = Number(value)
  if (value.trim() !== '' && Number.isSafeInteger(number) && number >= least) return number
  throw new Error(`--${name}: received ${value}; accepted: a whole number from ${least} on.`)
}
