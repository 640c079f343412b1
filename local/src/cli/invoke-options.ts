import { refuse } from './failure.ts'
import { milliseconds, oneOf, time, wholeNumber } from './option-values.ts'

/** What `invoke` was asked for; times in milliseconds. */
export interface InvokeOptions {
  readonly event: string | undefined
  readonly times: number
  /** How long before each invocation but the first; undefined is no freeze. */
  readonly freeze: number | undefined
  readonly killWhileFrozen: boolean
  /** How long after the thaw the server's FIN arrives; undefined is before the event. */
  readonly lateFin: number | undefined
  /** Invocations at once, each time. */
  readonly concurrency: number
  /** Invocations at once in one container; undefined is Lambda's ordinary mode. */
  readonly multi: number | undefined
  /** Undefined is what serverless.yml says, else Lambda's own default. */
  readonly timeout: number | undefined
  /** Megabytes; undefined as above. */
  readonly memory: number | undefined
  readonly runtime: 'auto' | 'ric' | 'loop'
  readonly env: readonly string[]
  readonly envFrom: readonly string[]
  readonly database: boolean
  readonly setup: string | undefined
  readonly delay: number
  readonly config: string | undefined
  readonly stage: string | undefined
  readonly param: readonly string[]
  readonly shutdown: boolean
  readonly watch: boolean
  readonly json: boolean
  readonly full: boolean
  readonly quiet: boolean
}

/** The options as commander hands them over: texts, flags, and what may be repeated as lists. */
export interface GivenOptions {
  event?: string
  times?: string
  freeze?: string
  killWhileFrozen?: boolean
  lateFin?: string
  concurrency?: string
  multi?: string
  timeout?: string
  memory?: string
  runtime?: string
  env?: string[]
  envFrom?: string[]
  database?: boolean
  setup?: string
  delay?: string
  config?: string
  stage?: string
  param?: string[]
  shutdown?: boolean
  watch?: boolean
  json?: boolean
  full?: boolean
  quiet?: boolean
}

/** @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const LONGEST_TIMEOUT = 900_000
const LEAST_MEMORY = 128
const MOST_MEMORY = 10_240
/** A paused microVM tells of a closed connection some milliseconds after the invocation, not seconds. */
const LATEST_FIN = 50
const LONGEST_DELAY = 60_000

/** @throws CommandError: the first that is wrong, or the first two that contradict each other */
export function readInvokeOptions(given: GivenOptions): InvokeOptions {
  const number = (flag: string, text: string | undefined, from?: number, to?: number) =>
    text === undefined ? undefined : wholeNumber(flag, text, from, to)
  const ms = (flag: string, text: string | undefined, from: number, to: number) =>
    text === undefined ? undefined : milliseconds(flag, text, from, to)
  const options: InvokeOptions = {
    event: given.event,
    times: number('--times', given.times) ?? 1,
    freeze: given.freeze === undefined ? undefined : time('--freeze', given.freeze),
    killWhileFrozen: given.killWhileFrozen ?? false,
    lateFin: ms('--late-fin', given.lateFin, 0, LATEST_FIN),
    concurrency: number('--concurrency', given.concurrency) ?? number('--multi', given.multi) ?? 1,
    multi: number('--multi', given.multi),
    timeout: ms('--timeout', given.timeout, 1, LONGEST_TIMEOUT),
    memory: number('--memory', given.memory, LEAST_MEMORY, MOST_MEMORY),
    runtime: oneOf('--runtime', given.runtime ?? 'auto', ['auto', 'ric', 'loop']),
    env: given.env ?? [],
    envFrom: given.envFrom ?? [],
    database: given.database ?? true,
    setup: given.setup,
    delay: ms('--delay', given.delay, 0, LONGEST_DELAY) ?? 0,
    config: given.config,
    stage: given.stage,
    param: given.param ?? [],
    shutdown: given.shutdown ?? false,
    watch: given.watch ?? false,
    json: given.json ?? false,
    full: given.full ?? false,
    quiet: given.quiet ?? false,
  }
  refuseContradictions(given)
  return options
}

function refuseContradictions(given: GivenOptions): void {
  const thawing = ['killWhileFrozen', 'lateFin'] as const
  for (const option of thawing) {
    if (given[option] !== undefined && given.freeze === undefined)
      refuse(`${flagOf(option)} needs --freeze, such as --freeze 1s.`)
  }
  if (given.freeze !== undefined && given.multi !== undefined)
    refuse(
      '--freeze cannot go with --multi: Lambda freezes no container that takes several invocations at once.',
    )
  if (given.freeze !== undefined && (given.times ?? '1') === '1')
    refuse('--freeze needs --times 2 or more: it freezes before each invocation but the first.')
  if (given.database !== false) return
  for (const option of [...thawing, 'delay', 'setup'] as const) {
    if (given[option] !== undefined)
      refuse(`${flagOf(option)} needs a database, and --no-database says that there is none.`)
  }
}

function flagOf(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}
