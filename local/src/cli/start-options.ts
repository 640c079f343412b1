import { refuse } from './failure.ts'
import { oneOf, time, wholeNumber } from './option-values.ts'

/** What `start` was asked for; times in milliseconds. */
export interface StartOptions {
  /** 0 is a free one. */
  readonly port: number
  readonly host: string
  readonly config: string
  readonly stage: string | undefined
  readonly param: readonly string[]
  readonly env: readonly string[]
  readonly envFrom: readonly string[]
  /** Undefined is never. */
  readonly freezeAfter: number | undefined
  readonly runtime: 'auto' | 'ric' | 'loop'
  readonly setup: string | undefined
  readonly database: boolean
  readonly eager: boolean
  readonly watch: boolean
  readonly json: boolean
  readonly quiet: boolean
}

/** The options as commander hands them over: texts, flags, and what may be repeated as lists. */
export interface GivenStartOptions {
  port?: string
  host?: string
  config?: string
  stage?: string
  param?: string[]
  env?: string[]
  envFrom?: string[]
  freezeAfter?: string
  runtime?: string
  setup?: string
  database?: boolean
  eager?: boolean
  watch?: boolean
  json?: boolean
  quiet?: boolean
}

const LAST_PORT = 65_535

/** @throws CommandError: the first that is wrong */
export function readStartOptions(given: GivenStartOptions): StartOptions {
  const { freezeAfter = '1s' } = given
  return {
    port: wholeNumber('--port', given.port ?? '3000', 0, LAST_PORT),
    host: given.host ?? '127.0.0.1',
    config: given.config ?? 'serverless.yml',
    stage: given.stage,
    param: given.param ?? [],
    env: given.env ?? [],
    envFrom: given.envFrom ?? [],
    freezeAfter: freezeTime(freezeAfter),
    runtime: oneOf('--runtime', given.runtime ?? 'auto', ['auto', 'ric', 'loop']),
    setup: given.setup,
    database: given.database ?? true,
    eager: given.eager ?? false,
    watch: given.watch ?? false,
    json: given.json ?? false,
    quiet: given.quiet ?? false,
  }
}

function freezeTime(text: string): number | undefined {
  if (text === 'never') return undefined
  if (/^[\d.]+m?s$/.test(text)) return time('--freeze-after', text)
  return refuse(`--freeze-after is '${text}', but must be a time such as 2s or 500ms, or never.`)
}
