import type { Database } from '../database/database.ts'
import type { ContainerOptions } from '../lambda/init.ts'
import {
  callback,
  checkOptions,
  flag,
  instance,
  type Kinds,
  milliseconds,
  oneOf,
  text,
  textByName,
  texts,
  wholeNumber,
} from '../option-check.ts'
import type { BundleOptions } from './bundle.ts'

/** What is asked of a database: the one of `startDatabase` has it. */
export type FunctionDatabase = Pick<Database, 'url' | 'host' | 'port' | 'connections'>

/** How to make a local function; times in milliseconds. */
export interface LocalLambdaOptions extends BundleOptions {
  /** The handler's source, TypeScript or JavaScript; with `bundle: false` what is deployed, a .mjs, .js or .cjs file. */
  readonly handler: string
  /** The handler's export; default `handler`. */
  readonly exportName?: string | undefined
  /** Whether the source is bundled, as it is for a deploy; default true. */
  readonly bundle?: boolean | undefined
  /** Whether stack traces name the source; default true. Not without bundling. */
  readonly sourceMaps?: boolean
  /**
   * Where the function finds its data: DATABASE_URL, and any `mysql://` URL or `…HOST` and `…PORT` in `env` that name this database,
   * lead there through a network of the container's own, by which its connections are told apart. Default none.
   */
  readonly database?: FunctionDatabase | undefined
  /** The function's own environment variables; nothing but PATH comes from this process. */
  readonly env?: Readonly<Record<string, string>> | undefined
  /** The function's timeout; default 3000. */
  readonly timeout?: number | undefined
  /** The function's memory in MB, 128 to 10240; default 1024. It is told to the handler and in REPORT, and limits nothing here. */
  readonly memorySize?: number | undefined
  /** How long INIT may take; default 10000 on demand, else 130000 or the function's timeout, whichever is longer. */
  readonly initTimeout?: number | undefined
  /** What calls the handler; default `auto`: AWS's own runtime client where it is installed, else the loop. */
  readonly runtime?: ContainerOptions['runtime'] | undefined
  /** How many invocations each container takes at once, as on Managed Instances; default one, Lambda's ordinary mode. */
  readonly concurrency?: number | undefined
  /** External extensions, as layers bring them in /opt/extensions: programs, or scripts for Node, started before the runtime. */
  readonly extensions?: readonly string[] | undefined
  /** The most containers there may be at a time, Lambda's reserved concurrency; default 1000, as many as an account has. */
  readonly maxContainers?: number | undefined
  /** Containers made ready before the first invocation, Lambda's provisioned concurrency; default 0. */
  readonly provisioned?: number | undefined
  /** A container that has been idle for so long is frozen; 0 is at once, as on Lambda. Default never, but by `freeze()`. */
  readonly freezeAfter?: number | undefined
  /** Called for each line printed, with the number of the container. */
  readonly onOutput?: FunctionOutputListener | undefined
  /** Called for each line that Lambda itself would write to the log, with the number of the container: INIT_START, REPORT and the like. */
  readonly onPlatform?: ((line: string, container: number) => void) | undefined
}

/** See {@link LocalLambdaOptions.onOutput}. */
export type FunctionOutputListener = (
  line: string,
  stream: Parameters<NonNullable<ContainerOptions['onOutput']>>[1],
  container: number,
) => void

/** How to freeze. */
export interface FreezeOptions {
  /**
   * How long after the thaw what the server has sent meanwhile arrives, milliseconds: 0 is in a race with the invocation, and so is a
   * real thaw, where up to 50 is a good range to try. Default: it is there before the invocation. Wants a `database`.
   */
  readonly lateBy?: number | undefined
}

const MOST_CONTAINERS = 1000

const KINDS: Kinds<LocalLambdaOptions> = {
  handler: text,
  exportName: text,
  bundle: flag,
  external: texts,
  sourceMaps: flag,
  database: instance(
    'a Database, as startDatabase() gives it',
    (value) => 'url' in value && 'host' in value && 'port' in value && 'connections' in value,
  ),
  env: textByName,
  timeout: milliseconds(),
  memorySize: wholeNumber(128, 10_240),
  initTimeout: milliseconds(),
  runtime: oneOf('auto', 'ric', 'loop'),
  concurrency: wholeNumber(1),
  extensions: texts,
  maxContainers: wholeNumber(1),
  provisioned: wholeNumber(0),
  freezeAfter: milliseconds(0),
  onOutput: callback,
  onPlatform: callback,
}

/** The options with their defaults, where this package has them itself. @throws Error naming the first that is wrong */
export function resolveOptions(options: LocalLambdaOptions) {
  checkOptions('localLambda', options, KINDS)
  const { handler, bundle = true, maxContainers = MOST_CONTAINERS, provisioned = 0 } = options
  if (handler === undefined) throw new Error(`localLambda: handler is missing, the path of a source file.`)
  if (!bundle && (options.external !== undefined || options.sourceMaps === true)) {
    throw new Error('localLambda: external and sourceMaps are for bundling, and bundle is false.')
  }
  if (provisioned > maxContainers) {
    throw new Error(
      `localLambda: provisioned is ${provisioned}, but must be at most maxContainers, ${maxContainers}.`,
    )
  }
  if (options.concurrency !== undefined && options.freezeAfter !== undefined) {
    throw new Error(
      'localLambda: freezeAfter does not go with concurrency: such containers are never frozen.',
    )
  }
  return { ...options, bundle, maxContainers, provisioned, env: { ...options.env } }
}

export type ResolvedOptions = ReturnType<typeof resolveOptions>

/** @throws Error naming what is wrong */
export function resolveFreeze(options: FreezeOptions): FreezeOptions {
  checkOptions('freeze', options, { lateBy: milliseconds(0) })
  return options
}
